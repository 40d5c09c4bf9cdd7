// Starts the tab: the welcome page, or the chat.

import { api } from './api.js';
import { announce, element } from './dom.js';
import { markRead, openThread, refreshConversations, setConnected, state, subscribe, takeEvent } from './state.js';
import { openStream } from './stream.js';
import { conversationsView } from './view_conversations.js';
import { threadView } from './view_thread.js';
import { welcome } from './view_welcome.js';

const app = document.getElementById('app');
const RETRY_MS = 1000;

function updateTitle() {
  const unread = state.conversations.reduce((sum, entry) => sum + entry.unread, 0);
  document.title = `${unread ? `(${unread}) ` : ''}${state.node.community_name} – Hearthchat`;
}

async function openChat() {
  state.node = await api.node();
  const conversations = conversationsView();
  const thread = threadView();
  const chat = element('div', { class: 'chat' }, conversations.view, thread.view);
  subscribe((what) => {
    if (what !== 'thread') conversations.render();
    thread.render();
    chat.classList.toggle('open', state.current !== null);
    if (what === 'arrival') announce('A new message has arrived');
    updateTitle();
  });
  await refreshConversations();
  app.replaceChildren(chat);
  openStream({ nodeId: state.node.node_id, seq: state.node.seq, onEvent: takeEvent, onConnection: setConnected });
  document.addEventListener('visibilitychange', () => state.current && markRead(state.current));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) openThread(null);
  });
}

async function start() {
  try {
    const node = await api.node();
    if (node.community_id) await openChat();
    else app.replaceChildren(welcome(node, openChat));
    app.removeAttribute('aria-busy');
  } catch (error) {
    app.replaceChildren(element('p', { class: 'empty', role: 'alert' }, error.message));
    setTimeout(start, RETRY_MS);
  }
}

start();
