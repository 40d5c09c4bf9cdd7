// One conversation's messages as things to draw: days, the line above what is unread, runs of one author, marks and times.

import { element, isolated } from './dom.js';
import { icon } from './icons.js';
import { splitLinks, visible } from './text.js';
import { keyOf } from './timeline.js';

const RUN_MS = 5 * 60 * 1000;
const MOST_CHARACTERS = 4000; // of a body, until somebody asks for all of it
const MOST_LINES = 60;

/** What is known of an own message, and no more: delivered and read only with the recipient's signed receipt. */
function stateOf(message) {
  if (message.failed) return { name: 'failed', picture: 'alert' };
  if (!message.event_id) return { name: 'sending', picture: 'clock' };
  if (message.read_at) return { name: 'read', picture: 'checks', at: message.read_at };
  if (message.delivered_at) return { name: 'delivered', picture: 'checks', at: message.delivered_at };
  return message.direct ? { name: 'direct', picture: 'check' } : { name: 'queued', picture: 'clock' };
}

function shorten(body) {
  let end = body.length > MOST_CHARACTERS ? MOST_CHARACTERS : body.length;
  for (let line = 0, at = 0; line < MOST_LINES; line++) {
    at = body.indexOf('\n', at) + 1;
    if (at === 0 || at > end) break;
    if (line === MOST_LINES - 1) end = Math.min(end, at - 1);
  }
  if (end < body.length && /[\ud800-\udbff]/.test(body[end - 1])) end--; // not through the middle of a character
  return end;
}

export function createMessageView({ model, t, format }, { toggle, isOpen }) {
  function mark(message) {
    const { name, picture, at } = stateOf(message);
    const title = t(`mark.${name}.title`, { at: at && format.full(at) });
    return element('span', { class: `mark ${name}`, 'data-mark': name, title, role: 'img', 'aria-label': title }, icon(picture));
  }

  /** Everything that is known of a message's way. */
  function details(message, own) {
    const lines = [[t('details.written'), format.full(message.created_at)]];
    if (own && message.delivered_at) lines.push([t('details.delivered'), format.full(message.delivered_at)]);
    if (own && message.read_at) lines.push([t('details.read'), format.full(message.read_at)]);
    if (own && !message.delivered_at && message.event_id) lines.push([t('details.state'), t(`mark.${stateOf(message).name}.title`)]);
    if (message.event_id) lines.push([t('details.id'), message.event_id]);
    return element('dl', { class: 'details' }, lines.map(([term, text]) => [element('dt', {}, term), element('dd', {}, text)]));
  }

  function text(message, key) {
    const end = isOpen(`whole ${key}`) ? message.body.length : shorten(message.body);
    const pieces = splitLinks(visible(message.body.slice(0, end)));
    return [
      element('div', { class: 'text', dir: 'auto' },
        pieces.map((piece) => piece.href
          ? element('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer' }, piece.text)
          : piece.text)),
      end < message.body.length && element('button', { type: 'button', class: 'plain', onclick: () => toggle(`whole ${key}`) }, t('message.whole')),
    ];
  }

  const attachment = ({ name, cid }) => element('div', { class: 'attachment' }, icon('attachment'),
    element('div', {}, isolated(visible(name)), element('code', { title: cid }, cid)));

  const failure = (message) => element('div', { class: 'failure', role: 'alert' },
    element('p', {}, t.problem(message.failed, 'send')),
    element('button', { type: 'button', onclick: () => model.retry(message) }, t('message.retry')),
    element('button', { type: 'button', class: 'plain', onclick: () => model.discard(message) }, t('message.discard')));

  function draw(message, { key, own, first, last }) {
    const at = element('time', { datetime: message.created_at, title: format.full(message.created_at) }, format.time(message.created_at));
    const state = own && stateOf(message).name;
    return element('li', { class: `message${own ? ' own' : ''}${first ? ' first' : ''}`, tabindex: -1, 'data-event': message.event_id, 'data-key': key },
      element('div', { class: 'bubble' },
        element('span', { class: 'unseen' }, own ? t('message.from_you') : t('message.from', { name: model.nameOf(message.from) })),
        message.body && text(message, key),
        message.attachments.map(attachment),
        element('button', { type: 'button', class: 'meta', tabindex: -1, 'aria-expanded': String(isOpen(key)), onclick: () => toggle(key) },
          own && (last || state === 'queued') && element('span', { class: 'state' }, t(`mark.${state}`)), at, own && mark(message)),
        isOpen(key) && details(message, own),
        message.failed && failure(message)));
  }

  /** The timeline as items: `signature` changes when what is drawn does. */
  return function items(timeline) {
    const list = [];
    const all = [...timeline.messages, ...timeline.pending];
    const lastOwn = all.findLast((message) => message.from === model.self);
    let previous = null;
    for (const message of all) {
      const key = keyOf(message);
      const own = message.from === model.self;
      const newDay = !previous || format.dayKey(previous.created_at) !== format.dayKey(message.created_at);
      const isUnread = key === timeline.unreadFrom;
      const gap = previous ? Math.abs(new Date(message.created_at) - new Date(previous.created_at)) : 0;
      const first = newDay || isUnread || previous.from !== message.from || gap > RUN_MS;
      const last = message === lastOwn;
      if (newDay) {
        const day = format.day(message.created_at);
        list.push({ key: `day ${key}`, signature: day, draw: () => element('li', { class: 'day' }, element('h3', {}, day)) });
      }
      if (isUnread) list.push({ key: 'unread', signature: '', draw: () => element('li', { class: 'unread' }, t('thread.unread')) });
      const { name, at } = own ? stateOf(message) : {};
      list.push({
        key, message, draw: () => draw(message, { key, own, first, last }),
        signature: [name, at, message.delivered_at, first, last, isOpen(key), isOpen(`whole ${key}`), message.event_id, message.failed?.code].join(' '),
      });
      previous = message;
    }
    return list;
  };
}
