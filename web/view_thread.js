// The conversation at the right, and its composer.

import { element } from './dom.js';
import { conversationWith, loadOlder, nameOf, openThread, send, state, threadOf } from './state.js';

const RUN_MS = 5 * 60 * 1000;
const time = (text) => new Date(text).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const full = (text) => new Date(text).toLocaleString();

/** What is known of an own message, and no more: delivered and read only with the recipient's receipt. */
function mark(message) {
  if (message.sending) return ['sending', 'sending …', 'Not on your disk yet'];
  if (message.read_at) return ['read', '✓✓ read', `Read ${full(message.read_at)}`];
  if (message.delivered_at) return ['delivered', '✓✓ delivered', `Delivered ${full(message.delivered_at)}`];
  if (message.direct) return ['direct', '✓ received', 'Their node has it; the receipt is on its way'];
  return ['queued', '✓ queued', 'Kept by your node until theirs is back'];
}

function meta(message, own) {
  if (message.failed) {
    return element('div', { class: 'meta failed' }, `Not sent: ${message.failed} `,
      element('button', { type: 'button', class: 'plain', onclick: () => send(message.to, message.body, message.client_id) }, 'Try again'));
  }
  const [name, label, title] = own ? mark(message) : ['', '', ''];
  return element('div', { class: 'meta' }, element('time', { datetime: message.created_at, title: full(message.created_at) }, time(message.created_at)),
    own ? element('span', { class: name, 'data-mark': name, title }, ` ${label}`) : '');
}

function bubble(message, first) {
  const own = message.from === state.node.node_id;
  return element('div', { class: `message${own ? ' own' : ''}${first ? ' first' : ''}`, 'data-event': message.event_id },
    element('div', { class: 'bubble' },
      message.body ? element('div', { class: 'text' }, message.body) : '',
      ...message.attachments.map((attachment) => element('div', { class: 'attachment', title: attachment.cid }, `📎 ${attachment.name}`)),
      meta(message, own)));
}

function items(messages) {
  const nodes = [];
  let previous = null;
  for (const message of messages) {
    const date = new Date(message.created_at);
    const newDay = !previous || new Date(previous.created_at).toDateString() !== date.toDateString();
    if (newDay) {
      nodes.push(element('div', { class: 'day' }, date.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })));
    }
    const first = newDay || previous.from !== message.from || date - new Date(previous.created_at) > RUN_MS;
    nodes.push(bubble(message, first));
    previous = message;
  }
  return nodes;
}

function composer() {
  const input = element('textarea', { rows: 1, 'aria-label': 'Message', placeholder: 'Write a message', maxlength: 65536 });
  const grow = () => { input.style.height = 'auto'; input.style.height = `${input.scrollHeight}px`; };
  const submit = () => {
    const body = input.value;
    if (!body.trim() || !state.current) return;
    input.value = '';
    grow();
    send(state.current, body);
  };
  input.addEventListener('input', grow);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  });
  const view = element('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); submit(); } },
    input, element('button', { class: 'primary', type: 'submit' }, 'Send'));
  return { view, input };
}

export function threadView() {
  const title = element('h2', {});
  const presence = element('div', { class: 'sub' });
  const notice = element('div', { class: 'notice', role: 'status', hidden: true }, 'Your node does not answer. Trying again …');
  const list = element('div', { class: 'messages', role: 'log', 'aria-label': 'Messages', tabindex: 0 });
  const write = composer();
  const header = element('header', {},
    element('button', { type: 'button', class: 'plain back', onclick: () => openThread(null) }, '‹ Back'),
    element('div', {}, title, presence));
  const view = element('section', { class: 'thread', 'aria-label': 'Conversation' }, header, notice, list, write.view);
  let shown = null;

  const isAtEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 60;

  list.addEventListener('scroll', async () => {
    const thread = state.current && threadOf(state.current);
    if (list.scrollTop < 200 && thread?.loaded && thread.more) {
      const fromEnd = list.scrollHeight - list.scrollTop;
      await loadOlder(state.current);
      list.scrollTop = list.scrollHeight - fromEnd;
    }
  });

  function render() {
    const peer = state.current;
    const entry = peer && conversationWith(peer);
    notice.hidden = state.connected;
    header.hidden = !peer;
    write.view.hidden = !peer;
    if (!peer) {
      list.replaceChildren(element('p', { class: 'empty' }, 'Choose a neighbour at the left.'));
      shown = null;
      return;
    }
    title.textContent = entry ? nameOf(entry) : '';
    presence.textContent = entry?.online ? 'online' : entry?.last_seen ? `last seen ${full(entry.last_seen)}` : 'not seen yet';
    const stay = shown === peer && !isAtEnd();
    const top = list.scrollTop;
    const { messages, loaded } = threadOf(peer);
    list.replaceChildren(...(loaded && messages.length === 0
      ? [element('p', { class: 'empty' }, 'Nothing here yet. Say hello!')]
      : items(messages)));
    list.scrollTop = stay ? top : list.scrollHeight;
    if (shown !== peer) write.input.focus();
    shown = peer;
  }
  return { view, render };
}
