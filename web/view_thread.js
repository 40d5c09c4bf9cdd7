// The right: one conversation, and where one is among its messages.

import { asSaid, sayable } from './changes.js';
import { announce, arrange, button, element, icon, iconButton, inNextFrame, isolated, tell } from './dom.js';
import { nameOf } from './text.js';
import { keyOf } from './timeline.js';
import { createComposer } from './view_composer.js';
import { openContact } from './view_contact.js';
import { createMessages, createTools } from './view_message.js';
import { openSafety, verifiedMark } from './view_safety.js';

const isSame = (a, b) => a.length === b.length && a.every((one, index) => one === b[index]);
const END_PIXELS = 48; // so near to the end counts as there

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
  const safety = iconButton('shield', t('safety.open'), () => openSafety(ui, model.byPeer.get(model.current)));
  const header = element('header', {}, iconButton('back', t('thread.back'), () => ui.show(null), 'back'), element('div', { class: 'who' }, title, presence),
    safety, iconButton('search', t('thread.search'), () => ui.searchIn(model.current)),
    iconButton('more', t('contact.open'), () => openContact(ui, model.byPeer.get(model.current)), 'contact'));
  const lost = element('div', { class: 'notice told', role: 'status' });
  const hidden = new Set(); // of which lost messages nothing more is to be said now
  const view = element('section', { class: 'thread' }, header, lost, empty, scroller, element('div', { class: 'above' }, pill), composer.view);
  const schedule = inNextFrame(() => { if (!pressed) render(); });
  const toggle = (key) => {
    if (!opened.delete(key)) opened.add(key);
    schedule();
  };
  const items = createMessages(ui, { isOpen: (key) => opened.has(key), toggle });
  const tools = createTools(ui, list, toggle, schedule);

  const distanceToEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; };
  const isAtEnd = (timeline) => distanceToEnd() < END_PIXELS && !timeline.newer;
  const isLooking = () => !document.hidden && document.hasFocus() && shown !== null;

  /** While something is pressed nothing moves below it, and what has a menu open is drawn anew when that is closed: a click that has begun is not lost. */
  let pressed = false;
  list.addEventListener('pointerdown', ({ button: which }) => { pressed = which === 0; });
  const release = () => {
    if (!pressed) return;
    pressed = false;
    setTimeout(render); // behind the click
  };
  for (const name of ['pointerup', 'pointercancel', 'contextmenu', 'blur']) window.addEventListener(name, release);

  /** A message that is stored now goes on as what it was while it waited: its drawing, and what is open in it. */
  function goOn(message) {
    const [was, key] = [message.client_id, keyOf(message)];
    if (!was) return;
    if (drawn.has(was)) drawn.set(key, drawn.get(was));
    drawn.delete(was);
    for (const part of ['', 'whole ']) if (opened.delete(part + was)) opened.add(part + key);
  }

  function nodesOf(all) {
    const gone = new Set(drawn.keys());
    const nodes = all.map(({ key, signature, draw, gone: isGone }) => {
      const known = drawn.get(key);
      gone.delete(key);
      if (known && isSame(known.signature, signature)) return known.node;
      if (isGone && known && tools.isOpenAt(known.node)) tools.close(); // what is deleted is not to be seen any more
      if (known && tools.isOpenAt(known.node)) return known.node;
      const node = draw();
      if (known?.node.contains(document.activeElement)) refocus(known.node, node);
      if (known) tools.goOn(known.node, node);
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
      const node = (target.offsetHeight > scroller.clientHeight && target.querySelector('.text mark')) || target;
      const [outer, inner] = [scroller.getBoundingClientRect(), node.getBoundingClientRect()];
      scroller.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
      target.classList.add('target');
      target.focus({ preventScroll: true });
    } else {
      if (unread) scroller.scrollTop = unread.offsetTop - 12;
      else toEnd();
    }
    timeline.following = isAtEnd(timeline);
  }

  function renderHeader(entry) {
    title.replaceChildren(isolated(entry ? nameOf(entry) : ''), ...verifiedMark(entry, t));
    safety.hidden = !entry || entry.level === null;
    presence.textContent = entry ? ui.presence(entry) : '';
    presence.classList.toggle('online', Boolean(entry?.online));
  }

  /** Whoever has nothing but that device's key could ask for them, too: its owner's friend decides (§24.8). */
  function renderLost(entry) {
    const count = entry && !hidden.has(entry.peer) ? entry.lost_there ?? 0 : 0;
    const name = entry ? nameOf(entry) : '';
    const words = count ? t('lost_there', { count, name }) : '';
    const shown = words && `${entry.peer} ${words}`; // of two with one name, each has a button of their own
    if (lost.dataset.shown === shown) return;
    lost.dataset.shown = shown;
    const theirs = element('input', { type: 'checkbox' });
    const give = button(t('lost_there.give', { count }), async () => {
      give.disabled = true;
      try {
        tell(t('lost_there.given', { count: await model.restore(entry.peer, theirs.checked), name }));
      } catch (error) {
        tell(t.problem(error));
      }
      give.disabled = false;
    });
    lost.replaceChildren(...(count ? [words, element('label', {}, theirs, ` ${t('lost_there.theirs', { name })}`), give, button(t('lost_there.later'), () => { hidden.add(entry.peer); schedule(); }, { class: 'plain' })] : []));
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
    renderLost(entry);
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
    timeline.messages.forEach(goOn);
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
    const [top, bottom] = [scroller.scrollTop, scroller.scrollTop + scroller.clientHeight];
    model.seen(timeline.peer, timeline.messages.filter((message) => {
      const node = message.from === timeline.peer && drawn.get(keyOf(message))?.node;
      return node && node.offsetTop < bottom && node.offsetTop + node.offsetHeight > top;
    }));
  }

  scroller.addEventListener('scroll', () => {
    const { timeline } = model;
    if (!timeline || placed !== model.opening) return;
    timeline.following = isAtEnd(timeline);
    if (timeline.following) arrived = 0;
    renderPill(timeline);
    look();
  }, { passive: true });
  new ResizeObserver(() => { if (!pressed && placed === model.opening && model.timeline?.following) toEnd(); }).observe(scroller);
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
    } else if (at && event.key === 'c' && (event.ctrlKey || event.metaKey) && getSelection().isCollapsed) {
      tools.copy();
    }
  };
  composer.view.onkeydown = (event) => {
    if (event.key !== 'ArrowUp' || event.altKey || event.target.value !== '') return; // up to what was written: to edit it, or with Shift to all
    event.preventDefault();
    const { messages, changes } = model.timeline;
    const own = !event.shiftKey && messages.map((message) => asSaid(message, changes)).findLast((message) => sayable(message, model.byPeer.get(model.current), model.self).edit);
    if (own) model.begin('edit', own);
    else list.querySelector('.message:last-of-type')?.focus();
  };

  model.subscribe((what, detail) => {
    if (what === 'arrival' && detail.from === model.current) {
      if (!model.timeline.following) arrived++;
      ui.say(detail);
    }
    if (what === 'said' && detail.peer === model.current && detail.emoji !== '') announce(t(`said.heard.${detail.kind}`, { name: model.nameOf(detail.peer), emoji: detail.emoji ?? '' }));
    if (what === 'current') render(); // at once: what is typed next belongs there
    if (['timeline', 'conversations', 'arrival'].includes(what) || (what === 'conversation' && detail === model.current)) schedule();
  });
  return {
    view,
    write: composer.focus,
    /** Of what is seen, `pages` on. */
    turn: (pages) => scroller.scrollBy({ top: pages * 0.9 * scroller.clientHeight }),
  };
}
