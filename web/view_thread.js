// The right: one conversation. What messages look like, where the next is written, where one is among them.

import { announce, arrange, button, element, icon, iconButton, inNextFrame, isolated, problemLine } from './dom.js';
import { bytesOf, nameOf, splitLinks, visible } from './text.js';
import { keyOf } from './timeline.js';

const RUN_MS = 5 * 60 * 1000;
const MOST_CHARACTERS = 4000; // at first
const MOST_LINES = 60;
const MOST_BYTES = 65536;     // of a body (PROTOCOL §4)
const END_PIXELS = 48;        // so near to the end counts as there

/** What is known of an own message, and no more: delivered and read only with the recipient's signed receipt. */
function stateOf({ failed, event_id, read_at, delivered_at, direct }) {
  if (failed) return { name: 'failed', picture: 'alert' };
  if (!event_id) return { name: 'sending', picture: 'send' };
  if (read_at) return { name: 'read', picture: 'checks', at: read_at };
  if (delivered_at) return { name: 'delivered', picture: 'checks', at: delivered_at };
  return direct ? { name: 'direct', picture: 'check' } : { name: 'queued', picture: 'clock' };
}

function shorten(body) {
  const [lines] = body.match(`^([^\n]*\n?){0,${MOST_LINES}}`);
  return lines.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, '').length; // not through the middle of a character
}

function createMessages({ model, t, format }, { toggle, isOpen }) {
  function mark(message) {
    const { name, picture, at } = stateOf(message);
    const title = t(`mark.${name}.title`, { at: at && format.full(at) });
    return element('span', { class: `mark ${name}`, 'data-mark': name, title, role: 'img', 'aria-label': title }, icon(picture));
  }

  function details({ created_at, delivered_at, read_at, event_id, direct }, own) {
    const line = (name, text) => [element('dt', {}, t(name)), element('dd', {}, text)];
    return element('dl', { class: 'details' },
      line('details.written', format.full(created_at)),
      own && delivered_at && line('mark.delivered', format.full(delivered_at)),
      own && read_at && line('mark.read', format.full(read_at)),
      own && event_id && !delivered_at && line('details.state', t(`mark.${direct ? 'direct' : 'queued'}.title`)),
      event_id && line('details.id', event_id));
  }

  function text(body, key) {
    const end = isOpen(`whole ${key}`) ? body.length : shorten(body);
    const link = ({ text, href }) => (href ? element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, text) : text);
    return [element('div', { class: 'text', dir: 'auto' }, splitLinks(visible(body.slice(0, end))).map(link)),
      end < body.length && button(t('message.whole'), () => toggle(`whole ${key}`), { class: 'plain' })];
  }

  const attachment = ({ name, cid }) => element('div', { class: 'attachment' }, icon('attachment'),
    element('div', {}, isolated(visible(name)), element('code', { title: cid }, cid)));

  const failure = (message) => element('div', { class: 'failure', role: 'alert' }, element('p', {}, t.problem(message.failed, 'send')),
    button(t('retry'), () => model.post(message)), button(t('message.discard'), () => model.discard(message), { class: 'plain' }));

  function draw(message, { key, own, first, last }) {
    const { event_id, from, body, e2e, created_at, failed } = message;
    const state = own && stateOf(message).name;
    return element('li', { class: `message${own ? ' own' : ''}${first ? ' first' : ''}`, tabindex: -1, 'data-event': event_id, 'data-key': key },
      element('div', { class: 'bubble' },
        element('span', { class: 'unseen' }, own ? t('message.from_you') : t('message.from', { name: model.nameOf(from) })),
        e2e ? element('em', { class: 'text' }, t('message.sealed')) : body && text(body, key),
        message.attachments.map(attachment),
        element('button', { class: 'meta', tabindex: -1, 'aria-expanded': isOpen(key) ? 'true' : 'false', onclick: () => toggle(key) },
          own && (last || state === 'queued') && element('span', {}, t(`mark.${state}`)),
          element('time', { datetime: created_at, title: format.full(created_at) }, format.time(created_at)),
          own && mark(message)),
        isOpen(key) && details(message, own),
        failed && failure(message)));
  }

  /** What is to be drawn, in order; `signature` changes when the drawing does. */
  return function items({ messages, pending, unreadFrom }) {
    const list = [];
    const all = [...messages, ...pending];
    const lastOwn = all.findLast((message) => message.from === model.self);
    let previous = null;
    for (const message of all) {
      const key = keyOf(message);
      const own = message.from === model.self;
      const newDay = !previous || format.dayKey(previous.created_at) !== format.dayKey(message.created_at);
      const isUnread = key === unreadFrom;
      const first = newDay || isUnread || previous.from !== message.from || Math.abs(new Date(message.created_at) - new Date(previous.created_at)) > RUN_MS;
      const last = message === lastOwn;
      if (newDay) {
        const day = format.day(message.created_at);
        list.push({ key: `day ${key}`, signature: day, draw: () => element('li', { class: 'day' }, element('h3', {}, day)) });
      }
      if (isUnread) list.push({ key: 'unread', signature: '', draw: () => element('li', { class: 'unread' }, t('thread.unread')) });
      list.push({
        key, draw: () => draw(message, { key, own, first, last }),
        signature: [own && Object.values(stateOf(message)), message.delivered_at, first, last, isOpen(key), isOpen(`whole ${key}`), message.event_id, message.failed?.code].join(' '),
      });
      previous = message;
    }
    return list;
  };
}

/** What is typed is kept until it is sent. */
function createComposer({ model, t }) {
  let peer = null;
  const input = element('textarea', { rows: 1, id: 'composer', 'aria-label': t('composer.label'), placeholder: t('composer.placeholder'), dir: 'auto', autocomplete: 'off',
    oninput: () => { changed(); model.setDraft(peer, input.value); },
    onkeydown(event) {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
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

  // A dropped file must not replace the page.
  for (const name of ['dragover', 'drop']) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      if (name === 'drop' && event.dataTransfer?.files.length) announce(t('composer.no_files'));
    });
  }

  return {
    view: form,
    focus: () => input.focus({ preventScroll: true }),
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

export function createThreadView(ui) {
  const { model, t } = ui;
  const opened = new Set();   // details and whole texts
  const drawn = new Map();    // key -> {signature, node}
  let shown = null;           // the peer whose messages are drawn
  let placed = 0;             // the opening for which a place was found
  let arrived = 0;            // below what is seen

  const title = element('h2');
  const presence = element('p', { class: 'sub' });
  const list = element('ol', { class: 'messages' });
  const scroller = element('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': t('thread.messages') }, list);
  const empty = element('div', { class: 'empty' });
  const pill = button('', () => model.showNewest(model.timeline), { class: 'pill', hidden: true });
  const composer = createComposer(ui);
  const header = element('header', {}, iconButton('back', t('thread.back'), () => ui.show(null), 'back'), element('div', { class: 'who' }, title, presence),
    iconButton('search', t('thread.search'), () => ui.searchIn(model.current)));
  const view = element('section', { class: 'thread' }, header, empty, scroller, element('div', { class: 'above' }, pill), composer.view);
  const schedule = inNextFrame(render);
  const items = createMessages(ui, {
    isOpen: (key) => opened.has(key),
    toggle(key) {
      if (!opened.delete(key)) opened.add(key);
      schedule();
    },
  });

  const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; };
  const isAtEnd = (timeline) => distanceToEnd() < END_PIXELS && !timeline.newer;
  const isLooking = () => !document.hidden && document.hasFocus() && shown !== null;

  function nodesOf(all) {
    const gone = new Set(drawn.keys());
    const nodes = all.map(({ key, signature, draw }) => {
      const known = drawn.get(key);
      gone.delete(key);
      if (known?.signature === signature) return known.node;
      const node = draw();
      if (known?.node.contains(document.activeElement)) refocus(known.node, node);
      drawn.set(key, { signature, node });
      return node;
    });
    for (const key of gone) drawn.delete(key);
    return nodes;
  }

  /** The focus goes on to the new drawing. */
  function refocus(before, after) {
    const selector = document.activeElement === before ? null : `.${document.activeElement.classList[0] ?? 'none'}`;
    queueMicrotask(() => ((selector && after.querySelector(selector)) ?? after).focus({ preventScroll: true }));
  }

  /** What stays where it is while others come or go around it. */
  function anchor() {
    const top = scroller.scrollTop;
    const node = [...list.children].find((child) => child.dataset.key && child.offsetTop + child.offsetHeight > top);
    return node && { key: node.dataset.key, offset: node.offsetTop - top };
  }

  function position(timeline) {
    const target = model.target && drawn.get(model.target)?.node;
    const unread = drawn.get('unread')?.node;
    placed = model.opening;
    if (target) {
      scroller.scrollTop = target.offsetTop - (scroller.clientHeight - target.offsetHeight) / 2;
      target.classList.add('target');
      target.focus({ preventScroll: true });
    } else {
      toEnd();
      if (unread && unread.offsetTop < scroller.scrollTop) scroller.scrollTop = unread.offsetTop - 12;
    }
    timeline.following = isAtEnd(timeline);
  }

  function renderHeader(entry) {
    title.replaceChildren(isolated(entry ? nameOf(entry) : ''));
    presence.textContent = entry ? ui.presence(entry) : '';
    presence.classList.toggle('online', Boolean(entry?.online));
  }

  function renderEmpty(timeline, entry) {
    const count = timeline ? timeline.messages.length + timeline.pending.length : 0;
    scroller.hidden = count === 0;
    empty.hidden = count > 0;
    if (count > 0) return;
    empty.replaceChildren(...(model.problem ? [element('p', { role: 'alert' }, t.problem(model.problem)), button(t('retry'), () => model.open(model.current))]
      : !timeline ? [element('img', { src: 'icon.svg', alt: '' }), element('p', {}, t('thread.choose'))]
        : timeline.loaded ? [element('p', {}, t('thread.empty', { name: entry ? nameOf(entry) : '' }))] : []));
  }

  function render() {
    const { timeline, current } = model;
    const entry = current && model.byPeer.get(current);
    header.hidden = !current;
    composer.view.hidden = !current;
    composer.show(entry);
    renderHeader(entry);
    if (shown !== current) {
      shown = current;
      drawn.clear();
      opened.clear();
      list.replaceChildren();
      arrived = 0;
      if (current && !model.target && !ui.isNarrow()) composer.focus();
    }
    renderEmpty(timeline, entry);
    if (timeline) renderMessages(timeline);
    renderPill(timeline);
    look();
  }

  function renderMessages(timeline) {
    const kept = placed === model.opening && !timeline.following ? anchor() : null;
    arrange(list, nodesOf(items(timeline)));
    if (!timeline.loaded) return;
    if (placed !== model.opening && !timeline.waiting) position(timeline);
    else if (timeline.following) toEnd();
    else if (kept) scroller.scrollTop = (drawn.get(kept.key)?.node.offsetTop ?? scroller.scrollTop + kept.offset) - kept.offset;
    if (timeline.following) arrived = 0;
  }

  function renderPill(timeline) {
    pill.hidden = !timeline || scroller.hidden || timeline.following;
    const label = arrived ? t('thread.new', { count: arrived }) : t('thread.to_end');
    if (pill.textContent !== label) pill.replaceChildren(icon('down'), label);
  }

  /** Pages come before they are needed; what is on the screen is read. */
  function look() {
    const { timeline } = model;
    if (!timeline?.loaded || placed !== model.opening) return;
    const reach = 2 * scroller.clientHeight;
    if (scroller.scrollTop < reach) model.loadOlder(timeline);
    else if (distanceToEnd() < reach) model.loadNewer(timeline);
    model.setWatching(isLooking() && timeline.following);
    if (!isLooking()) return;
    const bottom = scroller.scrollTop + scroller.clientHeight;
    const seen = timeline.messages.findLast((message) => message.from === timeline.peer && drawn.get(keyOf(message))?.node.offsetTop < bottom);
    if (seen) model.seen(seen);
  }

  scroller.addEventListener('scroll', () => {
    const { timeline } = model;
    if (!timeline || placed !== model.opening) return;
    timeline.following = isAtEnd(timeline);
    if (timeline.following) arrived = 0;
    renderPill(timeline);
    look();
  }, { passive: true });
  new ResizeObserver(() => { if (placed === model.opening && model.timeline?.following) toEnd(); }).observe(scroller);
  for (const name of ['focus', 'blur', 'visibilitychange']) window.addEventListener(name, () => (isLooking() ? look() : model.setWatching(false)));

  /** The arrows go from message to message, Enter shows what is known of one. */
  scroller.onkeydown = (event) => {
    const at = event.target.closest('.message');
    const messages = [...list.querySelectorAll('.message')];
    const step = !event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      const next = at ? messages[messages.indexOf(at) + step] : step < 0 && messages.at(-1);
      if (next) {
        event.preventDefault();
        next.focus({ preventScroll: true });
        next.scrollIntoView({ block: 'nearest' });
      } else if (at && step > 0) {
        composer.focus();
      }
    } else if (event.key === 'Enter' && event.target === at) {
      at.querySelector('.meta').click();
    }
  };
  composer.view.onkeydown = (event) => {
    if (event.key !== 'ArrowUp' || event.target.value !== '') return;
    event.preventDefault();
    list.querySelector('.message:last-of-type')?.focus();
  };

  model.subscribe((what, detail) => {
    if (what === 'arrival' && detail.from === model.current) {
      if (!model.timeline.following) arrived++;
      ui.say(detail);
    }
    if (what === 'current') render(); // at once: what is typed next belongs there
    if (['timeline', 'conversations', 'arrival'].includes(what) || (what === 'conversation' && detail === model.current)) schedule();
  });
  return view;
}
