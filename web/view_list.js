// The left: the conversations, or what the field above them finds.

import { arrange, button, element, icon, inNextFrame, isolated, marked } from './dom.js';
import { cut, hueOf, initials, nameOf, plainName, visible } from './text.js';
import { contactMarks } from './view_contact.js';
import { verifiedMark } from './view_safety.js';

const ROWS = 60;     // drawn at first, and more as one scrolls
const WAIT_MS = 150; // between keys, before the node is asked
const MOST_PEOPLE = 8;

export function avatar(id, name, online) {
  const node = element('span', { class: online ? 'avatar online' : 'avatar', 'aria-hidden': 'true' }, initials(name));
  node.style.setProperty('--hue', hueOf(id));
  return node;
}

function row({ peer, online, mark }, name, onclick, ...rest) {
  return element('button', { class: 'row', 'data-peer': peer, onclick }, avatar(peer, name, online), element('bdi', { class: 'name' }, name, mark), ...rest);
}

const when = (text) => element('time', { class: 'when' }, text);

const buttonsOf = (list) => [...list.querySelectorAll('.row')];

function createList(attributes) {
  const onkeydown = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const buttons = buttonsOf(list);
    const next = step && !event.altKey && buttons[buttons.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  const list = element('ul', { class: 'conversations', onkeydown, ...attributes });
  return list;
}

export function createConversations(ui) {
  const { model, t, format } = ui;
  const drawn = new Map();
  let most = ROWS;
  const list = createList({ 'aria-label': t('conversations.label') });
  const more = element('li', { class: 'more', 'aria-hidden': 'true' });
  const draftOf = ({ peer }) => (peer === model.current ? '' : model.draft(peer));

  function preview(entry) {
    const draft = draftOf(entry);
    if (draft) return [element('b', { class: 'draft' }, t('conversations.draft')), ' ', isolated(cut(draft, 120))];
    const message = entry.last_message;
    if (!message) return [t(entry.level === null ? 'presence.gone' : 'conversations.nothing')];
    return [message.from === model.self && `${t('conversations.you')} `, isolated(ui.brief(message, 120))];
  }

  function draw(entry, time) {
    const unread = model.unreadOf(entry);
    const node = row({ ...entry, mark: [verifiedMark(entry, t), contactMarks(entry, t)] }, nameOf(entry), () => ui.show(entry.peer),
      time && when(time),
      element('span', { class: 'sub' }, preview(entry)),
      unread > 0 && element('span', { class: 'badge' }, unread > 999 ? '999+' : unread, element('span', { class: 'unseen' }, ` ${t('conversations.unread')}`)),
      element('span', { class: 'unseen' }, `, ${ui.presence(entry)}`));
    node.setAttribute('aria-current', entry.peer === model.current);
    return node;
  }

  function nodeOf(entry) {
    const time = entry.last_message && format.brief(entry.last_message.created_at);
    const signature = JSON.stringify([nameOf(entry), entry.verified, entry.muted, entry.pinned, entry.online, ui.presence(entry), model.unreadOf(entry), entry.last_message?.event_id, entry.last_message && ui.brief(entry.last_message, 120), time,
      entry.peer === model.current, draftOf(entry)]);
    const known = drawn.get(entry.peer);
    if (known?.signature === signature) return known.node;
    const fresh = draw(entry, time);
    const node = known?.node ?? element('li', {}, fresh);
    if (known) { // the button stays: a click that has begun is not lost
      node.firstChild.replaceChildren(...fresh.childNodes);
      node.firstChild.setAttribute('aria-current', entry.peer === model.current);
    }
    drawn.set(entry.peer, { signature, node });
    return node;
  }

  function render() {
    const focused = document.activeElement?.dataset.peer;
    const nodes = model.conversations.slice(0, most).map(nodeOf);
    if (model.conversations.length > most) nodes.push(more);
    if (nodes.length === 0) nodes.push(element('li', { class: 'empty' }, element('p', {}, t('conversations.empty')), button(t('invite.open'), ui.openInvite, { class: 'primary' })));
    arrange(list, nodes);
    if (focused && document.activeElement?.dataset.peer !== focused) drawn.get(focused)?.node.firstChild.focus({ preventScroll: true });
  }

  const schedule = inNextFrame(render);
  new IntersectionObserver((seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    most += ROWS;
    schedule();
  }, { rootMargin: '600px' }).observe(more);
  model.subscribe((what) => {
    if (['conversations', 'conversation', 'current'].includes(what)) schedule();
  });
  return { view: list, render };
}

const fold = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

export function createSearch(ui) {
  const { model, t, format } = ui;
  let timer = null;
  const input = element('input', { type: 'search', id: 'search', 'aria-label': t('search.label'), placeholder: t('search.label'), autocomplete: 'off', maxlength: 128,
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(find, input.value ? WAIT_MS : 0);
    } });
  const scope = button('', () => { find(null); input.focus(); }, { class: 'scope', hidden: true });
  const results = createList({ class: 'conversations results', 'aria-label': t('search.label'), hidden: true });
  const status = element('p', { class: 'sub count', role: 'status' });
  const field = element('div', { class: 'search', role: 'search', onkeydown }, icon('search'), input, scope, status);

  function find(peer = model.search.peer) {
    clearTimeout(timer);
    model.find(input.value, peer);
  }

  function onkeydown(event) {
    if (event.key === 'Enter') find();
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    buttonsOf(results.hidden ? ui.list : results)[0]?.focus();
  }

  const person = (entry) => element('li', {}, row({ ...entry, mark: verifiedMark(entry, t) }, nameOf(entry), () => { clear(); ui.show(entry.peer); },
    element('span', { class: 'sub' }, ui.presence(entry))));

  function message(found) {
    const peer = found.from === model.self ? found.to : found.from;
    return element('li', {}, row({ peer, online: model.byPeer.get(peer)?.online }, model.nameOf(peer), () => ui.show(peer, found), when(format.brief(found.created_at)),
      element('span', { class: 'snippet' }, found.from === model.self && `${t('conversations.you')} `, element('bdi', {}, marked(found.snippet_parts.map(visible))))));
  }

  function people({ text, peer }) {
    const words = fold(text).split(/\s+/).filter(Boolean);
    if (peer || words.length === 0) return [];
    return model.conversations.filter((entry) => words.every((word) => fold(`${nameOf(entry)} ${plainName(entry)}`).includes(word))).slice(0, MOST_PEOPLE);
  }

  function tell({ text, problem, more, messages }, total) {
    if (text.trim() === '') return '';
    if (problem) return t.problem(problem, 'search');
    if (more) return t('search.many', { count: messages.length });
    return total ? t('search.found', { count: total }) : t('search.nothing');
  }

  const group = (title, all, draw) => (all.length ? [element('li', { class: 'heading' }, element('h2', {}, title)), ...all.map(draw)] : []);

  function render() {
    const { search } = model;
    const active = isActive();
    results.hidden = !active;
    ui.list.hidden = active;
    scope.hidden = search.peer === null;
    if (search.peer) {
      const name = model.nameOf(search.peer);
      scope.replaceChildren(t('search.scope', { name }), icon('close'));
      scope.setAttribute('aria-label', t('search.everywhere', { name }));
    }
    if (!active) status.textContent = '';
    if (!active || search.busy) return;
    const found = people(search);
    status.textContent = tell(search, found.length + search.messages.length);
    arrange(results, [...group(t('search.people'), found, person), ...group(t('thread.messages'), search.messages, message)]);
  }

  function clear() {
    input.value = '';
    find(null);
  }

  const isActive = () => model.search.text.trim() !== '' || model.search.peer !== null;

  model.subscribe((what) => { if (what === 'search') render(); });
  return {
    field, results, clear, isActive,
    focus: () => input.focus(),
    searchIn(peer) {
      find(peer);
      input.focus();
      input.select();
    },
  };
}
