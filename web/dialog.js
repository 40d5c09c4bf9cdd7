// Windows over the page: Esc and the cross close them, and who opened one stands there again.

import { element } from './dom.js';
import { icon } from './icons.js';

let count = 0;

/** Opens a modal dialog; `build(close)` gives what is in it. Returns close(). */
export function openDialog({ title, close: label, onClose = () => {} }, build) {
  const id = `dialog-${++count}`;
  const opener = document.activeElement;
  const close = () => dialog.close();
  const dialog = element('dialog', { 'aria-labelledby': id },
    element('header', {}, element('h2', { id }, title), element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick: close }, icon('close'))));
  dialog.append(...build(close).flat().filter(Boolean));
  dialog.addEventListener('click', (event) => { if (event.target === dialog) close(); });
  dialog.addEventListener('close', () => {
    onClose();
    dialog.remove();
    opener?.focus?.({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  return close;
}

/** A form that says what went wrong, in place, and can't be sent twice. */
export function createForm({ action, danger = false, submit, problem: words }, ...fields) {
  const problem = element('p', { class: 'problem', role: 'alert' });
  const button = element('button', { class: danger ? 'danger' : 'primary', type: 'submit' }, action);
  const form = element('form', {
    onsubmit: async (event) => {
      event.preventDefault();
      problem.textContent = '';
      button.disabled = true;
      form.setAttribute('aria-busy', 'true');
      try {
        await submit();
      } catch (error) {
        problem.textContent = words(error);
      }
      form.removeAttribute('aria-busy');
      button.disabled = false;
    },
  }, ...fields, problem, element('div', { class: 'actions' }, button));
  return { form, button, problem };
}

let fields = 0;

/** A field with its label, and a hint that belongs to it. */
export function labelled(label, control, hint) {
  const id = `field-${++fields}`;
  control.id = id;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return element('div', { class: 'field' }, element('label', { for: id }, label), control, hint && element('p', { class: 'hint', id: `${id}-hint` }, hint));
}

export const select = (choices, chosen) => element('select', {}, choices.map(([value, text]) => element('option', { value, selected: value === chosen }, text)));
