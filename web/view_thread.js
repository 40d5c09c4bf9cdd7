// The conversation at the right: its messages, of which a window is drawn, and where one is in them.

import { arrange, announce, element, isolated } from './dom.js';
import { icon } from './icons.js';
import { nameOf } from './text.js';
import { keyOf } from './timeline.js';
import { createComposer } from './view_composer.js';
import { createMessageView } from './view_message.js';

const END_PIXELS = 48; // so near to the end counts as there

export function createThreadView(ui) {
  const { model, t, format } = ui;
  const opened = new Set();   // details and long texts that somebody asked for
  const drawn = new Map();    // key -> {signature, node}
  let shown = null;           // the peer whose messages are drawn
  let placed = 0;             // for which opening a place was found
  let arrived = 0;            // below what is seen
  let scheduled = false;

  const title = element('h2', { tabindex: -1 });
  const presence = element('p', { class: 'sub' });
  const list = element('ol', { class: 'messages', 'aria-label': t('thread.messages') });
  const scroller = element('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': t('thread.messages') }, list);
  const empty = element('div', { class: 'empty' });
  const pill = element('button', { type: 'button', class: 'pill', hidden: true, onclick: () => model.showNewest(model.timeline) });
  const composer = createComposer(ui);
  const header = element('header', {},
    element('button', { type: 'button', class: 'icon-button back', 'aria-label': t('thread.back'), title: t('thread.back'), onclick: () => ui.show(null) }, icon('back')),
    element('div', { class: 'who' }, title, presence),
    element('button', { type: 'button', class: 'icon-button', 'aria-label': t('thread.search'), title: t('thread.search'), onclick: () => ui.searchIn(model.current) }, icon('search')));
  const view = element('section', { class: 'thread', 'aria-label': t('thread.label') }, header, empty, scroller, element('div', { class: 'above' }, pill), composer.view);

  const items = createMessageView(ui, {
    isOpen: (key) => opened.has(key),
    toggle(key) {
      if (!opened.delete(key)) opened.add(key);
      schedule();
    },
  });

  const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const isLooking = () => !document.hidden && document.hasFocus() && shown !== null;

  function schedule() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => { scheduled = false; render(); });
  }

  /** The nodes of the items; what is unchanged is the same node as before. */
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

  /** Who stands on a button of a message that is drawn anew goes on standing there. */
  function refocus(before, after) {
    const selector = document.activeElement === before ? null : `.${document.activeElement.classList[0] ?? 'none'}`;
    queueMicrotask(() => ((selector && after.querySelector(selector)) ?? after).focus({ preventScroll: true }));
  }

  /** A message that stays where it is on the screen while others come or go around it. */
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
      scroller.scrollTop = scroller.scrollHeight;
      if (unread && unread.offsetTop < scroller.scrollTop) scroller.scrollTop = unread.offsetTop - 12;
    }
    timeline.following = distanceToEnd() < END_PIXELS && !timeline.newer;
  }

  function renderHeader(entry) {
    title.replaceChildren(isolated(entry ? nameOf(entry) : ''));
    presence.textContent = !entry ? '' : entry.level === null ? t('presence.gone') : entry.online ? t('presence.online')
      : entry.last_seen ? t('presence.seen', { at: format.moment(entry.last_seen) }) : t('presence.never');
    presence.classList.toggle('online', Boolean(entry?.online));
  }

  function renderEmpty(timeline, entry) {
    const count = timeline ? timeline.messages.length + timeline.pending.length : 0;
    scroller.hidden = !timeline || count === 0;
    empty.hidden = count > 0;
    if (count > 0) return;
    const retry = () => model.open(model.current);
    empty.replaceChildren(...(model.problem ? [element('p', { role: 'alert' }, t.problem(model.problem, 'history')), element('button', { type: 'button', onclick: retry }, t('retry'))]
      : !timeline ? [element('img', { src: 'icon.svg', alt: '' }), element('p', {}, t('thread.choose'))]
        : timeline.loaded ? [element('p', {}, t('thread.empty', { name: entry ? nameOf(entry) : '' }))] : []));
  }

  function render() {
    const { timeline, current } = model;
    const entry = current && model.byPeer.get(current);
    view.classList.toggle('idle', !current);
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
    else if (timeline.following) scroller.scrollTop = scroller.scrollHeight;
    else if (kept) scroller.scrollTop = (drawn.get(kept.key)?.node.offsetTop ?? scroller.scrollTop + kept.offset) - kept.offset;
    if (timeline.following) arrived = 0;
  }

  function renderPill(timeline) {
    pill.hidden = !timeline || scroller.hidden || timeline.following;
    const label = arrived ? t('thread.new', { count: arrived }) : t('thread.to_end');
    if (pill.dataset.label !== label) {
      pill.dataset.label = label;
      pill.replaceChildren(icon('down'), label);
    }
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
    const following = distanceToEnd() < END_PIXELS && !timeline.newer;
    if (following) arrived = 0;
    timeline.following = following;
    renderPill(timeline);
    look();
  }, { passive: true });
  new ResizeObserver(() => {
    if (placed === model.opening && model.timeline?.following) scroller.scrollTop = scroller.scrollHeight;
  }).observe(scroller);
  for (const name of ['focus', 'blur']) window.addEventListener(name, () => (isLooking() ? look() : model.setWatching(false)));
  document.addEventListener('visibilitychange', () => (isLooking() ? look() : model.setWatching(false)));

  /** The arrows go from message to message, Enter shows what is known of one. */
  scroller.addEventListener('keydown', (event) => {
    const at = event.target.closest('.message');
    const messages = [...list.querySelectorAll('.message')];
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step && !event.altKey) {
      const next = at ? messages[messages.indexOf(at) + step] : step < 0 ? messages.at(-1) : null;
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
  });
  composer.view.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowUp' || event.target.value !== '') return;
    event.preventDefault();
    list.querySelector('.message:last-of-type')?.focus();
  });

  model.subscribe((what, detail) => {
    if (what === 'arrival' && detail.from === model.current) {
      if (!model.timeline.following) arrived++;
      announce(t('announce.message', { name: model.nameOf(detail.from), text: detail.body.slice(0, 300) }));
    }
    if (what === 'current') render(); // at once: what is typed next belongs there
    if (['timeline', 'conversations', 'arrival'].includes(what) || (what === 'conversation' && detail === model.current)) schedule();
  });
  return { view, focus: () => (composer.view.hidden ? title : composer).focus(), render: schedule };
}
