/**
 * XML as far as descriptions of machines use it: a bounded tree of elements by their local names. A document type
 * definition is refused, so there are no entities but the five of XML itself, and nothing is ever fetched.
 */
import { SaxesParser } from 'saxes';
import { notUnderstood } from './refusals.ts';

export interface XmlElement {
  /** Without prefix. */
  name: string;
  /** By their names without prefix. */
  attributes: ReadonlyMap<string, string>;
  children: XmlElement[];
  /** Its own, without that of its children. */
  text: string;
}

const DEEPEST = 64;
/** A machine with hundreds of devices has some thousands. */
const MOST_ELEMENTS = 200_000;

/** The root element. @throws MACHINE_NOT_UNDERSTOOD */
export function parseXml(text: string, path: string): XmlElement {
  // Prefixes are not resolved: real descriptions leave them undeclared, and the names alone are telling.
  const parser = new SaxesParser({ xmlns: false });
  const open: XmlElement[] = [];
  const roots: XmlElement[] = [];
  let count = 0;
  const fail = (why: string): never => {
    throw notUnderstood(path, why);
  };
  parser.on('error', ({ message }) => fail(`its XML is broken (${message.slice(0, 200)})`));
  parser.on('doctype', () => fail('its XML has a document type definition, which is not followed'));
  parser.on('opentag', ({ name, attributes }) => {
    if (++count > MOST_ELEMENTS) fail('its XML has too many elements');
    if (open.length >= DEEPEST) fail('its XML is nested too deeply');
    const element: XmlElement = {
      name: local(name),
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [local(key), value])),
      children: [],
      text: '',
    };
    (open.at(-1)?.children ?? roots).push(element);
    open.push(element);
  });
  const addText = (part: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => void open.pop());
  parser.write(text).close();
  return roots[0] ?? fail('it is empty');
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** The name of the root element, without reading on; null where the text is no XML. */
export function rootName(text: string): string | null {
  const start = text.replace(/^\s*(?:<\?[^>]*\?>|<!--[^]*?-->|<!DOCTYPE[^>[]*(?:\[[^\]]*\]\s*)?>|\s)*/u, '');
  return /^<(?:[\w.-]+:)?([\w.-]+)/u.exec(start)?.[1] ?? null;
}

export function childrenOf(element: XmlElement | null, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The first element down a path of names, or null. */
export function find(element: XmlElement | null, ...names: string[]): XmlElement | null {
  let at = element;
  for (const name of names) at = at?.children.find((child) => child.name === name) ?? null;
  return at;
}

/** The trimmed text of the first element down a path, or null where there is none or it is empty. */
export function textAt(element: XmlElement | null, ...names: string[]): string | null {
  const text = find(element, ...names)?.text.trim() ?? '';
  return text === '' ? null : text;
}

export function attribute(element: XmlElement | null, name: string): string | null {
  const value = element?.attributes.get(name)?.trim() ?? '';
  return value === '' ? null : value;
}

/** All elements below, in the order of the document. The tree is no deeper than DEEPEST. */
export function* below(element: XmlElement): Generator<XmlElement> {
  for (const child of element.children) {
    yield child;
    yield* below(child);
  }
}
