// The list at the left: who there is, who is here, what is new. Rows are drawn as far as one scrolls.

import { arrange, element, isolated } from './dom.js';
import { hueOf, initials, nameOf, visible } from './text.js';

const ROWS = 60;

/** A circle with somebody's initials. */
export function avatar(id, name, online) {
  const node = element('span', { class: online ? 'avatar online' : 'avatar', 'aria-hidden': 'true' }, initials(name));
  node.style.setProperty('--hue', hueOf(id));
  return node;
}

/** The arrows go from button to button of a list. */
export function walkWithArrows(list) {
  list.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.altKey) return;
    const buttons = [...list.querySelectorAll('button.row')];
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

export function createConversations(ui) {
  const { model, t, format } = ui;
  const drawn = new Map();
  let most = ROWS;
  let scheduled = false;
  const list = element('ul', { class: 'conversations', 'aria-label': t('conversations.label') });
  const more = element('li', { class: 'more', 'aria-hidden': 'true' });

  function preview(entry) {
    const draft = entry.peer === model.current ? '' : model.draft(entry.peer);
    if (draft) return [element('b', { class: 'draft' }, t('conversations.draft')), ' ', isolated(draft.slice(0, 120))];
    const message = entry.last_message;
    if (!message) return [entry.level === null ? t('presence.gone') : t('conversations.nothing')];
    const text = visible(message.body.slice(0, 120)) || message.attachments.map(({ name }) => name).join(', ');
    return [message.from === model.self && `${t('conversations.you')} `, isolated(text)];
  }

  function row(entry) {
    const name = nameOf(entry);
    const unread = model.unreadOf(entry);
    return element('button', { type: 'button', class: 'row', 'aria-current': String(entry.peer === model.current), 'data-peer': entry.peer, onclick: () => ui.show(entry.peer) },
      avatar(entry.peer, name, entry.online),
      isolated(name, { class: 'name' }),
      entry.last_message && element('time', { class: 'when' }, format.brief(entry.last_message.created_at)),
      element('span', { class: 'sub' }, preview(entry)),
      unread > 0 && element('span', { class: 'badge' }, unread > 999 ? '999+' : String(unread), element('span', { class: 'unseen' }, ` ${t('conversations.unread', { count: unread })}`)),
      element('span', { class: 'unseen' }, entry.level === null ? '' : `, ${entry.online ? t('presence.online') : t('presence.offline')}`));
  }

  const signatureOf = (entry) => JSON.stringify([entry.display_name, entry.online, entry.level, model.unreadOf(entry), entry.last_message?.event_id,
    entry.last_message && format.brief(entry.last_message.created_at), entry.peer === model.current, entry.peer === model.current ? '' : model.draft(entry.peer)]);

  function render() {
    const focused = document.activeElement?.dataset.peer;
    const entries = model.conversations.slice(0, most);
    const nodes = entries.map((entry) => {
      const signature = signatureOf(entry);
      const known = drawn.get(entry.peer);
      if (known?.signature === signature) return known.node;
      const node = known?.node ?? element('li');
      node.replaceChildren(row(entry));
      drawn.set(entry.peer, { signature, node });
      return node;
    });
    if (model.conversations.length > most) nodes.push(more);
    if (nodes.length === 0) nodes.push(element('li', { class: 'empty' }, element('p', {}, t('conversations.empty')), element('button', { type: 'button', class: 'primary', onclick: ui.openInvite }, t('invite.open'))));
    arrange(list, nodes);
    if (focused && document.activeElement?.dataset.peer !== focused) drawn.get(focused)?.node.querySelector('button')?.focus({ preventScroll: true });
  }

  function schedule() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => { scheduled = false; render(); });
  }

  new IntersectionObserver((seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    most += ROWS;
    schedule();
  }, { rootMargin: '600px' }).observe(more);
  walkWithArrows(list);
  model.subscribe((what) => {
    if (['conversations', 'conversation', 'current'].includes(what)) schedule();
  });
  return { view: list, render };
}
