// The list at the left: who there is, who is here, what is new.

import { element } from './dom.js';
import { nameOf, openThread, state } from './state.js';
import { openInviteDialog } from './view_invite.js';

const initials = (name) => [...name].slice(0, 2).join('').toUpperCase();

function when(message) {
  if (!message) return '';
  const date = new Date(message.created_at);
  const today = new Date().toDateString() === date.toDateString();
  return today ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }) : date.toLocaleDateString();
}

function preview(entry) {
  const message = entry.last_message;
  if (!message) return entry.level === null ? 'No member any more' : 'No messages yet';
  const text = message.body || message.attachments.map((attachment) => attachment.name).join(', ');
  return (message.from === state.node.node_id ? 'You: ' : '') + text.slice(0, 200);
}

function row(entry) {
  const name = nameOf(entry);
  const button = element('button', {
    type: 'button',
    'aria-current': String(entry.peer === state.current),
    'data-peer': entry.peer,
    onclick: () => openThread(entry.peer),
  },
  element('span', { class: entry.online ? 'avatar online' : 'avatar', 'aria-hidden': 'true' }, initials(name)),
  element('span', { class: 'name' }, name),
  element('span', { class: 'when' }, when(entry.last_message)),
  element('span', { class: 'sub' }, preview(entry)),
  entry.unread ? element('span', { class: 'badge' }, String(entry.unread), element('span', { class: 'unseen' }, ' unread')) : '',
  element('span', { class: 'unseen' }, entry.online ? ', online' : ', offline'));
  return element('li', {}, button);
}

export function conversationsView() {
  const list = element('ul', { class: 'conversations' });
  const view = element('nav', { class: 'side', 'aria-label': 'Conversations' },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }),
      element('div', {}, element('h1', {}, state.node.community_name),
        element('div', { class: 'sub' }, state.node.display_name || state.node.short_id)),
      element('button', { type: 'button', onclick: openInviteDialog }, 'Invite')),
    list);

  function render() {
    const focused = document.activeElement?.dataset?.peer;
    list.replaceChildren(...(state.conversations.length
      ? state.conversations.map(row)
      : [element('li', { class: 'empty' }, 'You are the first here. Invite a neighbour to begin.')]));
    if (focused) list.querySelector(`[data-peer="${CSS.escape(focused)}"]`)?.focus();
  }
  return { view, render };
}
