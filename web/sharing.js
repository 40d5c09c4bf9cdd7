// A text that is handed to a neighbour: as a QR code, as a line to copy, and by the phone's own way to share.

import { qrAddress } from './api.js';
import { announce, element } from './dom.js';

const DONE_MS = 2500;

async function copy(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(source); // for Ctrl+C by hand
    return false;
  }
}

export function createSharing(t, { text, description, copyLabel }) {
  const code = element('code', { class: 'code', tabindex: 0, 'aria-label': description }, text);
  const button = element('button', { type: 'button' }, copyLabel);
  button.addEventListener('click', async () => {
    const words = t(await copy(text, code) ? 'copied' : 'copy_failed');
    button.textContent = words;
    announce(words);
    setTimeout(() => { button.textContent = copyLabel; }, DONE_MS);
  });
  const share = navigator.share && element('button', { type: 'button', onclick: () => navigator.share({ text }).catch(() => {}) }, t('share'));
  return element('div', { class: 'sharing' }, element('img', { class: 'qr', alt: t('qr.of', { what: description }), src: qrAddress(text) }), code,
    element('div', { class: 'actions' }, share, button));
}
