// Where the next message is written.

import { element, icon, isComposing, problemLine, tell } from './dom.js';
import { bytesOf } from './text.js';

const MOST_BYTES = 65536;               // of a body (PROTOCOL §4)
const MOST_ENTERED = 2 * MOST_BYTES;    // of what is pasted; more would only hold up
const GROWS = CSS.supports('field-sizing', 'content');

/** What is typed is kept until it is sent. */
export function createComposer({ model, t }) {
  let peer = null;
  const input = element('textarea', { rows: 1, id: 'composer', 'aria-label': t('composer.label'), placeholder: t('composer.placeholder'), dir: 'auto', autocomplete: 'off',
    oninput: () => { changed(); model.setDraft(peer, input.value); },
    onbeforeinput(event) {
      const more = (event.data ?? event.dataTransfer?.getData('text/plain') ?? '').length;
      if (more <= MOST_BYTES || more + input.value.length <= MOST_ENTERED) return; // what is typed, and what can be made shorter
      event.preventDefault();
      problem.textContent = t('composer.too_much');
    },
    onkeydown(event) {
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      submit();
    } });
  const send = element('button', { class: 'primary round', type: 'submit', 'aria-label': t('composer.send'), title: t('composer.send') }, icon('send'));
  const problem = problemLine();
  const gone = element('p', { class: 'gone' });
  const line = element('div', { class: 'line' }, input, send);
  const form = element('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); submit(); } }, problem, gone, line);

  function check() {
    const over = input.value.length * 3 > MOST_BYTES ? bytesOf(input.value) - MOST_BYTES : 0;
    problem.textContent = over > 0 ? t('composer.too_long', { count: over }) : '';
    send.disabled = over > 0 || input.value.trim() === '';
    return !send.disabled;
  }

  function changed() {
    if (!GROWS) {
      input.style.height = 'auto';
      input.style.height = `${input.scrollHeight + 2}px`;
    }
    check();
  }

  function submit() {
    if (!check() || !peer) return;
    const body = input.value.trimEnd();
    input.value = '';
    model.setDraft(peer, '');
    changed();
    input.focus();
    model.send(peer, body);
  }

  /** A dropped file must not replace the page. */
  function take(event) {
    const { files, types } = event.dataTransfer ?? event.clipboardData;
    const isText = types.includes('text/plain');
    if (event.target.matches?.('input, textarea') && (isText || event.type === 'paste') && files.length === 0) return;
    if (event.type === 'paste' && (isText || files.length === 0)) return;
    event.preventDefault();
    if (event.type !== 'dragover' && files.length) tell(t('composer.no_files'));
  }
  for (const name of ['dragover', 'drop', 'paste']) document.addEventListener(name, take);

  model.subscribe((what, detail) => {
    if (what !== 'draft' || detail.peer !== peer || input.value === detail.text) return;
    input.value = detail.text;
    changed();
  });

  return {
    view: form,
    /** False when nothing can be written. */
    focus() {
      input.focus({ preventScroll: true });
      return document.activeElement === input;
    },
    show(entry) {
      gone.hidden = entry?.level !== null;
      line.hidden = !gone.hidden;
      if (line.hidden) gone.textContent = t('composer.gone', { name: model.nameOf(entry.peer) });
      if (peer === (entry?.peer ?? null)) return;
      peer = entry?.peer ?? null;
      input.value = peer ? model.draft(peer) : '';
      changed();
    },
  };
}
