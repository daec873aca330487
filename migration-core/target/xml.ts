/** Writes XML: elements with attributes, indented by two spaces. Text and attribute values are escaped here and nowhere else. */

export interface XmlElement {
  name: string;
  attributes: Record<string, string | number | undefined>;
  children: (XmlElement | string)[];
}

type Child = XmlElement | string | null;

/** An element; attributes that are undefined and children that are null are left out. */
export function xml(
  name: string,
  attributes: Record<string, string | number | undefined> = {},
  ...children: Child[]
): XmlElement {
  return { name, attributes, children: children.filter((child) => child !== null) };
}

/** Characters that XML 1.0 (section 2.2) cannot hold in any spelling. */

const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

/** The element and all below it as text with a final newline. */
export function writeXml(element: XmlElement, indent = ''): string {
  const attributes = Object.entries(element.attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escape(String(value))}"`)
    .join('');
  const open = `${indent}<${element.name}${attributes}`;
  if (element.children.length === 0) return `${open}/>\n`;
  if (element.children.every((child) => typeof child === 'string'))
    return `${open}>${element.children.map(escape).join('')}</${element.name}>\n`;
  const inner = element.children
    .map((child) =>
      typeof child === 'string' ? `${indent}  ${escape(child)}\n` : writeXml(child, `${indent}  `),
    )
    .join('');
  return `${open}>\n${inner}${indent}</${element.name}>\n`;
}
