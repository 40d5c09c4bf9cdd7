// Building elements. Text is always text: nothing here ever parses HTML.

/** element('button', {class: 'primary', onclick: f}, 'Send'): attributes, listeners (on…), children. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** Says something to people who listen instead of looking. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}

export async function copyText(text, button) {
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = 'Copied';
  button.addEventListener('blur', () => { button.textContent = before; }, { once: true });
}

/** A QR code of the text, drawn by the node. */
export function qrCode(text, description) {
  return element('img', { class: 'qr', alt: description, src: `/api/v1/qr.svg?text=${encodeURIComponent(text)}` });
}
