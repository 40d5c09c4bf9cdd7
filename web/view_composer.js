// Where the next message is written.

import { isOf } from './changes.js';
import { element, icon, iconButton, isComposing, problemLine, tell } from './dom.js';
import { bytesOf } from './text.js';
import { blockedLine } from './view_contact.js';
import { createSaid, createSaying } from './view_said.js';

const MOST_BYTES = 65536;               // of a body (PROTOCOL §4)
const MOST_ENTERED = 2 * MOST_BYTES;    // of what is pasted; more would only hold up
const GROWS = CSS.supports('field-sizing', 'content');

/** What is typed is kept until it is sent. */
export function createComposer(ui) {
  const { model, t } = ui;
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
      if (event.key === 'Escape' && !isComposing(event) && model.saying(peer)) {
        event.stopPropagation();
        model.cease(peer);
      }
      if (event.key !== 'Enter' || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      submit();
    } });
  const send = element('button', { class: 'primary round', type: 'submit', 'aria-label': t('composer.send'), title: t('composer.send') }, icon('send'));
  const problem = problemLine();
  const refused = element('div');
  let drawn = '';
  const gone = element('p', { class: 'gone' });
  const lock = iconButton('lock', '', () => tell(lock.title), 'lock');
  const warned = element('p', { class: 'warned' });
  const saying = createSaying(ui, () => model.cease(peer));
  const line = element('div', { class: 'line' }, lock, input, send);
  const form = element('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); submit(); } }, problem, refused, gone, warned, saying.view, line);
  const said = createSaid(ui);

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
    const about = model.saying(peer);
    if (about?.what === 'edit') {
      if (model.told(peer, about.event_id)?.message?.body !== body) model.say({ ...about, to: peer }, 'edit', body);
      model.cease(peer);
      return;
    }
    input.value = '';
    model.setDraft(peer, '', null);
    saying.show(peer);
    changed();
    input.focus();
    model.send(peer, body, about?.event_id);
  }

  /** What is typed may be about a message; one that is deleted gets no other words, and what was typed stays a draft. */
  function showSaying() {
    const message = saying.show(peer);
    if (!message || !/^(deleted|expired)$/.test(message.e2e) || model.saying(peer).what !== 'edit') return;
    model.keepEdit(peer);
    tell(t('said.too_late'));
  }

  /** What could not be stored is shown at its message, or here where that is not in the window. */
  function showRefused() {
    const { messages = [], changes = [], loaded } = (peer && model.timelineOf(peer)) ?? {};
    const lost = loaded ? changes.filter((change) => change.failed && !messages.some(isOf(change))) : [];
    const signature = lost.map(({ client_id, failed }) => `${client_id} ${failed.code}`).join();
    if (drawn === signature) return;
    drawn = signature;
    const events = new Set(lost.map(({ event_id }) => event_id));
    refused.replaceChildren(...[...events].flatMap((event_id) => said.failures({ saying: lost.filter((change) => change.event_id === event_id) })));
  }

  /** Before one types, who can read it. A node that doesn't say so says nothing. */
  function showLock(entry) {
    const { e2e } = entry ?? {};
    lock.hidden = typeof e2e !== 'boolean';
    const words = lock.hidden ? '' : t(e2e ? 'e2e.on' : 'e2e.off', { name: model.nameOf(entry.peer) });
    if (lock.title === words) return;
    lock.title = words;
    lock.setAttribute('aria-label', words);
    warned.textContent = e2e === false ? words : '';
    input.placeholder = t(e2e ? 'composer.sealed' : 'composer.placeholder');
    lock.classList.toggle('unlocked', !e2e);
    lock.replaceChildren(icon(e2e ? 'lock' : 'unlocked'));
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
    if (what !== 'draft' || detail.peer !== peer) return;
    if (input.value !== detail.text) {
      input.value = detail.text;
      changed();
    }
    showSaying();
    if (!detail.isHere) return;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  });

  return {
    view: form,
    /** False when nothing can be written. */
    focus() {
      input.focus({ preventScroll: true });
      return document.activeElement === input;
    },
    show(entry) {
      showLock(entry);
      const why = entry?.level === null ? 'gone' : entry?.blocked ? 'blocked' : '';
      gone.hidden = !why;
      line.hidden = Boolean(why);
      if (why && gone.dataset.why !== `${why} ${entry.peer} ${model.nameOf(entry.peer)}`) { // its button stays as long as it says the same
        gone.dataset.why = `${why} ${entry.peer} ${model.nameOf(entry.peer)}`;
        gone.replaceChildren(...(why === 'gone' ? [t('composer.gone', { name: model.nameOf(entry.peer) })] : blockedLine(ui, entry)));
      }
      if (peer !== (entry?.peer ?? null)) {
        peer = entry?.peer ?? null;
        input.value = peer ? model.draft(peer) : '';
        changed();
      }
      showRefused();
      showSaying();
    },
  };
}
