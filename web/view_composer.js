// Where a message is written. What is typed is kept per conversation until it is sent.

import { announce, element } from './dom.js';
import { icon } from './icons.js';
import { bytesOf } from './text.js';

const MOST_BYTES = 65536; // of a body (PROTOCOL §4)

export function createComposer({ model, t }) {
  let peer = null;
  const input = element('textarea', { rows: 1, id: 'composer', 'aria-label': t('composer.label'), placeholder: t('composer.placeholder'), dir: 'auto', autocomplete: 'off' });
  const button = element('button', { class: 'primary round', type: 'submit', 'aria-label': t('composer.send'), title: t('composer.send') }, icon('send'));
  const problem = element('p', { class: 'problem', role: 'alert', hidden: true });
  const gone = element('p', { class: 'gone', hidden: true });
  const form = element('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); submit(); } },
    problem, gone, element('div', { class: 'line' }, input, button));

  function check() {
    const over = input.value.length * 3 > MOST_BYTES ? bytesOf(input.value) - MOST_BYTES : 0;
    problem.hidden = over <= 0;
    if (over > 0) problem.textContent = t('composer.too_long', { count: over });
    button.disabled = over > 0 || input.value.trim() === '';
    return !button.disabled;
  }

  function changed() {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight + 2}px`;
    check();
  }

  function submit() {
    if (!check() || !peer) return;
    const body = input.value;
    input.value = '';
    model.setDraft(peer, '');
    changed();
    input.focus();
    model.send(peer, body);
  }

  input.addEventListener('input', () => { changed(); model.setDraft(peer, input.value); });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  // A file that is let go over the page must not replace it.
  for (const name of ['dragover', 'drop']) {
    form.ownerDocument.addEventListener(name, (event) => {
      event.preventDefault();
      if (name === 'drop' && event.dataTransfer?.files.length) announce(t('composer.no_files'));
    });
  }

  return {
    view: form,
    focus: () => input.focus({ preventScroll: true }),
    show(entry) {
      const writable = !entry || entry.level !== null;
      form.querySelector('.line').hidden = !writable;
      gone.hidden = writable;
      if (!writable) gone.textContent = t('composer.gone', { name: model.nameOf(entry.peer) });
      if (peer === (entry?.peer ?? null)) return;
      peer = entry?.peer ?? null;
      input.value = peer ? model.draft(peer) : '';
      changed();
    },
  };
}
