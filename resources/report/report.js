// Runs in a report: sorts, filters and pages its tables, reads charts out, and shows where in the report one is.
'use strict';
(() => {
  const PAGE = 100;
  const make = (name, text, props) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    return Object.assign(element, props ?? {});
  };

  /** Text is put in as text, never as markup. */
  function rowOf(cells, heads) {
    const row = document.createElement('tr');
    cells.forEach((cell, at) => {
      const [text, value, tone] = Array.isArray(cell) ? cell : [cell];
      const td = make('td');
      td.className = heads[at].className;
      if (heads[at].className === '') td.dir = 'auto';
      if (value !== undefined && value !== null) td.dataset.v = String(value);
      if (text.length > 26) td.classList.add('long');
      if (tone === undefined) td.textContent = text;
      else td.append(make('span', text, { className: `status ${tone}` }));
      row.append(td);
    });
    return row;
  }

  for (const table of document.querySelectorAll('table[data-table]')) {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    const figure = table.closest('figure');
    const rest = figure.querySelector('script[data-rest]');
    const classes = heads.map(({ className }) => ({ className }));
    // What is not shown is data until it is.
    let rows = [...body.rows].map((row) => ({ row, cells: null }));
    if (rest !== null)
      rows = rows.concat(JSON.parse(rest.textContent).map((cells) => ({ row: null, cells })));
    figure.querySelector('.rest')?.remove();
    const original = rows;
    const textOf = (one, at) => {
      if (one.row !== null) return one.row.cells[at].textContent;
      const cell = one.cells[at];
      return Array.isArray(cell) ? cell[0] : cell;
    };
    const valueOf = (one, at) => {
      const value = one.row !== null ? one.row.cells[at].dataset.v : one.cells[at][1];
      const isCell = one.row !== null || Array.isArray(one.cells[at]);
      return isCell && value !== undefined && value !== null ? Number(value) : null;
    };
    let sorted = { at: -1, down: false };
    let wanted = '';
    let first = 0;
    const tools = figure.querySelector('.tools');
    const pages = make('div', undefined, { className: 'pages' });
    const back = make('button', '←', { type: 'button', ariaLabel: 'Previous rows' });
    const forth = make('button', '→', { type: 'button', ariaLabel: 'Next rows' });
    const where = make('span');
    where.setAttribute('role', 'status');

    function show() {
      let list = original;
      if (wanted !== '')
        list = list.filter((one) => heads.some((_, at) => textOf(one, at).toLowerCase().includes(wanted)));
      if (sorted.at >= 0) {
        const sign = sorted.down ? -1 : 1;
        const numbers = sorted.at >= 0 && classes[sorted.at].className === 'n';
        const keyed = list.map((one, index) => ({
          one,
          index,
          value: valueOf(one, sorted.at),
          text: textOf(one, sorted.at),
        }));
        keyed.sort((a, b) => {
          // What was not measured comes last, whichever way it is sorted.
          if (a.value !== null && b.value !== null) return sign * (a.value - b.value) || a.index - b.index;
          if (numbers && (a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
          return (
            sign * a.text.localeCompare(b.text, undefined, { numeric: true, sensitivity: 'base' }) ||
            a.index - b.index
          );
        });
        list = keyed.map(({ one }) => one);
      }
      first = Math.max(0, Math.min(first, Math.floor((list.length - 1) / PAGE) * PAGE));
      const part = list.slice(first, first + PAGE);
      for (const one of part) one.row ??= rowOf(one.cells, classes);
      body.replaceChildren(...part.map(({ row }) => row));
      const isPaged = list.length > PAGE;
      back.hidden = forth.hidden = !isPaged;
      back.disabled = first === 0;
      forth.disabled = first + PAGE >= list.length;
      const of = list.length.toLocaleString();
      where.textContent = isPaged
        ? `${(first + 1).toLocaleString()}–${(first + part.length).toLocaleString()} of ${of}`
        : wanted !== ''
          ? `${of} of ${original.length.toLocaleString()}`
          : '';
    }

    heads.forEach((head, at) => {
      const button = make('button', head.textContent, { type: 'button' });
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        sorted =
          sorted.at !== at ? { at, down: false } : sorted.down ? { at: -1, down: false } : { at, down: true };
        for (const other of heads) other.removeAttribute('aria-sort');
        if (sorted.at >= 0) head.setAttribute('aria-sort', sorted.down ? 'descending' : 'ascending');
        first = 0;
        show();
      });
    });
    if (table.dataset.table === 'filter') {
      const input = make('input', undefined, { type: 'search', placeholder: 'Filter' });
      input.setAttribute('aria-label', table.dataset.label);
      let timer = 0;
      input.addEventListener('input', () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          wanted = input.value.trim().toLowerCase();
          first = 0;
          show();
        }, 120);
      });
      pages.append(where, back, forth, input);
      tools.append(pages);
    }
    const turn = (by) => {
      first += by * PAGE;
      show();
      table.closest('figure').scrollIntoView({ block: 'nearest' });
    };
    back.addEventListener('click', () => turn(-1));
    forth.addEventListener('click', () => turn(1));
    if (original.length > PAGE) show();
    else back.hidden = forth.hidden = true;
  }

  for (const figure of document.querySelectorAll('figure[data-chart]')) {
    const picture = figure.querySelector('svg');
    const data = figure.querySelector('script');
    let readings = null;
    let at = -1;
    const readout = make('div', undefined, { className: 'readout', hidden: true });
    readout.setAttribute('role', 'status');
    picture.setAttribute('tabindex', '0');
    figure.append(readout);
    const read = (index) => {
      readings ??= JSON.parse(data.textContent);
      at = Math.max(-1, Math.min(readings.length - 1, index));
      readout.hidden = at < 0;
      if (at < 0) return;
      const [, , , , title, values] = readings[at];
      readout.replaceChildren(
        make('strong', title),
        ...values.map(([name, text]) => make('div', `${name}: ${text}`)),
      );
    };
    picture.addEventListener('pointermove', (event) => {
      readings ??= JSON.parse(data.textContent);
      const box = picture.getBoundingClientRect();
      const scale = picture.viewBox.baseVal.width / box.width;
      const x = (event.clientX - box.left) * scale;
      const y = (event.clientY - box.top) * scale;
      read(readings.findIndex(([l, t, w, h]) => x >= l && x < l + w && y >= t && y < t + h));
    });
    picture.addEventListener('pointerleave', () => read(-1));
    picture.addEventListener('blur', () => read(-1));
    picture.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowRight') read(at + 1);
      else if (event.key === 'ArrowLeft') read(Math.max(0, at - 1));
      else if (event.key === 'Escape') read(-1);
      else return;
      event.preventDefault();
    });
  }

  // A sheet that is gone to is open.
  const open = () => {
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    if (target !== null && target.tagName === 'DETAILS') target.open = true;
  };
  addEventListener('hashchange', open);
  open();
  // What is folded up is printed as well.
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = [...document.querySelectorAll('details.sheet:not([open])')];
    for (const one of folded) one.open = true;
  });
  addEventListener('afterprint', () => {
    for (const one of folded) one.open = false;
  });

  const links = new Map(
    [...document.querySelectorAll('.contents a')].map((link) => [link.hash.slice(1), link]),
  );
  const seen = new Set();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries)
        if (isIntersecting) seen.add(target.id);
        else seen.delete(target.id);
      const now = [...links.keys()].findLast((id) => seen.has(id));
      for (const [id, link] of links)
        if (id === now) link.setAttribute('aria-current', 'location');
        else link.removeAttribute('aria-current');
    },
    { rootMargin: '0px 0px -70% 0px' },
  );
  for (const id of links.keys()) {
    const target = document.getElementById(id);
    if (target !== null) watch.observe(target);
  }
})();
