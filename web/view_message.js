// What one message looks like, and what can be done with it.

import { asSaid } from './changes.js';
import { announce, button, closeWhenLeft, element, icon, iconButton, isolated, markIn } from './dom.js';
import { isEmoji, splitCode, splitLinks } from './links.js';
import { copy } from './qr.js';
import { cutAt, excuse, fileName, visible } from './text.js';
import { keyOf } from './timeline.js';
import { createSaid } from './view_said.js';
import { openLock } from './view_safety.js';
import { createStandingButtons } from './view_standing.js';

const RUN_MS = 5 * 60 * 1000;
const MOST_CHARACTERS = 4000; // at first
const MOST_LINES = 60;
const DONE_MS = 1500;
const NOWHERE = [];

/** What is known of an own message, and no more: delivered and read only with the recipient's signed receipt. */
function stateOf({ failed, event_id, read_at, delivered_at, direct, saying }) {
  if (failed) return { name: 'failed', picture: 'alert' };
  if (!event_id || saying?.some((change) => change.what !== 'react' && (!change.failed || change.failed.unreachable))) return { name: 'sending', picture: 'send' };
  if (read_at) return { name: 'read', picture: 'checks', at: read_at };
  if (delivered_at) return { name: 'delivered', picture: 'checks', at: delivered_at };
  return direct ? { name: 'direct', picture: 'check' } : { name: 'queued', picture: 'clock' };
}

function shorten(body) {
  const [lines] = body.match(`^([^\n]*\n?){0,${MOST_LINES}}`);
  return cutAt(lines, MOST_CHARACTERS);
}

export function createMessages(ui, { toggle, isOpen }) {
  const { model, t, format } = ui;
  const said = createSaid(ui);

  function mark(message) {
    const { name, picture, at } = stateOf(message);
    const title = t(`mark.${name}.title`, { at: at && format.full(at) });
    return element('span', { class: `mark ${name}`, 'data-mark': name, title, role: 'img', 'aria-label': title }, icon(picture));
  }

  function details(message, own) {
    const { created_at, delivered_at, read_at, event_id, direct, e2e, from, to } = message;
    const line = (name, text) => [element('dt', {}, t(name)), element('dd', {}, text)];
    return element('dl', { class: 'details' },
      line('details.written', format.full(created_at)),
      said.lines(message).map(([name, what]) => [element('dt', {}, name), element('dd', {}, what)]),
      own && delivered_at && line('mark.delivered', format.full(delivered_at)),
      own && read_at && line('mark.read', format.full(read_at)),
      own && event_id && !delivered_at && line('details.state', t(`mark.${direct ? 'direct' : 'queued'}.title`)),
      (e2e === false || e2e === 'ok') && line('details.e2e', t(e2e ? 'e2e.on' : 'e2e.clear', { name: model.nameOf(own ? to : from) })),
      event_id && line('details.id', event_id));
  }

  /** Where the address is another one than it looks, as in letters of another alphabet, it says so. */
  const link = ({ text, href }) => (!href ? text
    : element('a', { href, target: '_blank', rel: 'noopener noreferrer', title: href.startsWith('http') && !href.includes(text) && href }, text));

  const piece = ({ text, code, block }) => (code === undefined ? splitLinks(text).map(link) : element(block ? 'pre' : 'code', {}, code));

  const foundIn = (key) => (key === model.target ? model.found : NOWHERE);

  function text(written, key) {
    const body = written.trimEnd();
    const found = foundIn(key);
    const short = shorten(body);
    const end = isOpen(`whole ${key}`) || found.some(([, end]) => end > short) ? body.length : short;
    const pieces = splitCode(visible(body.slice(0, end)), end < body.length);
    const view = element('div', { class: isEmoji(body) ? 'text emoji' : 'text', dir: 'auto' }, pieces.map(piece));
    if (found.length > 0) markIn(view, pieces.reduce((drawn, { begin, text, code }) => drawn.padEnd(begin, '\0') + (text ?? code), ''), found);
    return [view,
      end < body.length && button(t('message.whole'), () => toggle(`whole ${key}`), { class: 'plain' })];
  }

  /** What a file is says its ending: that stands at the right, whatever is written before it. */
  function attachment(file) {
    const name = fileName(file);
    const ending = /[^.](\.[^.]+)?$/.exec(name)?.[1] ?? '';
    return element('div', { class: 'attachment' }, icon('attachment'),
      element('div', {}, element('bdi', { dir: 'ltr' }, isolated(name.slice(0, name.length - ending.length)), isolated(ending)), element('code', { title: file.cid }, file.cid)));
  }

  const failure = (message) => element('div', { class: 'failure', role: 'alert' }, element('p', {}, t.problem(message.failed, 'send')),
    button(t('retry'), () => model.post(message)),
    message.required && message.failed.code === 'e2e_session_missing' && button(t('message.in_clear'), () => model.postInClear(message)),
    button(t('message.discard'), () => model.discard(message), { class: 'plain' }));

  /** In clear, where one writes to each other encrypted. */
  const isBare = ({ e2e }) => e2e === false && model.byPeer.get(model.current)?.e2e === true;

  function draw(message, { key, own, first, last }) {
    const { event_id, from, to, body, created_at, edited_at, failed } = message;
    const why = excuse(message, t, model.nameOf(own ? to : from), own);
    const answered = said.answered(message);
    const { name: state, at } = own ? stateOf(message) : {};
    return element('li', { class: `message${own ? ' own' : ''}${first ? ' first' : ''}`, tabindex: -1, 'data-event': event_id, 'data-key': key },
      element('div', { class: 'bubble' },
        element('span', { class: 'unseen' }, own ? t('message.from_you') : t('message.from', { name: model.nameOf(from) })),
        answered && said.quote(answered),
        why ? element('em', { class: 'text' }, why) : body && text(body, key),
        createStandingButtons(ui, message),
        message.attachments.map(attachment),
        element('button', { class: 'meta', tabindex: -1, 'aria-expanded': isOpen(key) ? 'true' : 'false', onclick: () => toggle(key) },
          own && (last || state === 'queued') && element('span', {}, at ? `${t(`mark.${state}`)} ${format.brief(at)} ·` : t(`mark.${state}`)),
          isBare(message) && openLock(t),
          edited_at && element('span', {}, `${t('message.edited')} ·`),
          element('time', { datetime: created_at, title: format.full(created_at) }, format.time(created_at)),
          own && mark(message)),
        isOpen(key) && details(message, own),
        failed && failure(message),
        said.failures(message),
        said.reactions(message)));
  }

  /** What is to be drawn, in order; `signature` changes when the drawing does. */
  return function items({ messages, pending, changes, unreadFrom }) {
    const list = [];
    const all = [...messages, ...pending].map((message) => asSaid(message, changes));
    const lastOwn = all.findLast((message) => message.from === model.self);
    let previous = null;
    for (const message of all) {
      const key = keyOf(message);
      const own = message.from === model.self;
      const newDay = !previous || format.dayKey(previous.created_at) !== format.dayKey(message.created_at);
      const isUnread = key === unreadFrom;
      const first = newDay || isUnread || previous.from !== message.from || Math.abs(new Date(message.created_at) - new Date(previous.created_at)) > RUN_MS;
      const last = message === lastOwn;
      const why = excuse(message, t, model.nameOf(model.current), own);
      if (newDay) {
        const day = format.day(message.created_at);
        list.push({ key: `day ${key}`, signature: [day], draw: () => element('li', { class: 'day' }, element('h3', {}, day)) });
      }
      if (isUnread) list.push({ key: 'unread', signature: [], draw: () => element('li', { class: 'unread' }, t('thread.unread'), button(t('thread.read_all'), () => model.readAll(model.current), { class: 'plain' })) });
      list.push({
        key, gone: why !== null, draw: () => draw(message, { key, own, first, last }),
        signature: [...(own ? Object.values(stateOf(message)) : []), message.delivered_at, first, last, isOpen(key), isOpen(`whole ${key}`), model.node.level, foundIn(key), message.event_id, message.e2e,
          message.body, isBare(message), why, message.failed?.code, ...said.signature(message), ...(isOpen(key) ? said.lines(message).map(([, what]) => what.textContent ?? what) : [])],
      });
      previous = message;
    }
    return list;
  };
}

/** One set of buttons for a list of messages: at the one where the pointer or the focus is. `onClosed`: its menu was. */
export function createTools(ui, list, toggle, onClosed) {
  const { model, t } = ui;
  const said = createSaid(ui);
  const close = () => { if (menu.matches(':popover-open')) menu.hidePopover(); };
  const menu = element('div', { class: 'choices', popover: 'manual', onclick: close, onkeydown: onKey });
  closeWhenLeft(menu, close);
  menu.addEventListener('toggle', ({ newState }) => { if (newState === 'closed') onClosed(); });
  const replying = iconButton('reply', t('said.reply'), () => model.begin('reply', now()));
  const copying = iconButton('copy', t('message.copy'), () => copyText());
  const more = iconButton('more', t('message.more'), () => open());
  const view = element('div', { class: 'tools' }, replying, copying, more, menu);
  let shown = null; // the key of the message

  /** The message as it is by now: it may have been stored since it was drawn. */
  function now() {
    const { messages, pending, changes } = model.timeline;
    const message = [...messages, ...pending].find((other) => keyOf(other) === shown || (other.client_id && other.client_id === shown));
    return message && asSaid(message, changes);
  }

  async function copyText() {
    const words = t(await copy(now()?.body ?? '', view.parentNode.querySelector('.text')));
    announce(words);
    copying.replaceChildren(icon('check'));
    setTimeout(() => copying.replaceChildren(icon('copy')), DONE_MS);
  }

  /** The arrows go through the menu, Esc closes it alone. */
  function onKey(event) {
    const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (step && !event.altKey) {
      const buttons = [...menu.querySelectorAll('button')];
      buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
      event.preventDefault();
    } else if (event.key === 'Escape') {
      close();
      more.focus();
    } else {
      return;
    }
    event.stopPropagation();
  }

  function open() {
    const message = now();
    if (!message) return;
    const { first, before, after } = said.choices(message);
    menu.replaceChildren(...[first, ...before, message.body && button(t('message.copy'), copyText), button(t('message.details'), () => toggle(shown)), ...after].filter(Boolean));
    menu.showPopover();
    const [at, { width, height }] = [more.getBoundingClientRect(), menu.getBoundingClientRect()];
    menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    menu.style.top = `${Math.max(8, at.bottom + height + 8 < innerHeight ? at.bottom : at.top - height)}px`;
    menu.querySelector(':scope > button').focus();
  }

  function show({ target }) {
    const node = target.closest?.('.message');
    if (!node || view.closest('.message') === node || menu.matches(':popover-open')) return;
    const before = shown;
    shown = node.dataset.key;
    const message = now();
    if (!message) {
      shown = before;
      return;
    }
    replying.hidden = !said.can(message).reply;
    copying.hidden = !message.body;
    node.querySelector('.bubble').append(view);
    for (const other of list.querySelectorAll('button:is(.quote, .reaction)')) other.tabIndex = node.contains(other) ? 0 : -1; // one message's at a time
  }

  for (const name of ['pointermove', 'pointerdown', 'focusin']) list.addEventListener(name, show);
  list.addEventListener('pointerleave', () => { if (!view.parentNode?.closest('.message').contains(document.activeElement)) view.remove(); });
  return {
    close,
    copy: () => now()?.body && copyText(),
    isOpenAt: (node) => menu.matches(':popover-open') && node.contains(menu),
    /** A message was drawn anew: the buttons stay where the pointer is. */
    goOn: (before, after) => { if (before.contains(view)) show({ target: after }); },
  };
}
