// Building elements. Text is always text: nothing here ever parses HTML.

/** element('button', {class: 'primary', onclick: f}, 'Send'): attributes, listeners (on…), children. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

/** Puts these children, in this order, into the parent, and touches only what differs. */
export function arrange(parent, children) {
  let at = parent.firstChild;
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** A name, a file's name, a snippet: set apart, so that its direction of writing changes nothing around it. */
export const isolated = (text, attributes = {}) => element('bdi', attributes, text);

/** Says something to people who listen instead of looking. */
export function announce(text) {
  const line = element('div', {}, text);
  const announcer = document.getElementById('announcer');
  announcer.append(line);
  while (announcer.childElementCount > 3) announcer.firstChild.remove();
}
