// The chat's frame: list and search at the left, a conversation or the members at the right; one column on a phone. Which
// of them is shown stands in the address, so that going back goes back.

import { announce, element, isolated } from './dom.js';
import { icon } from './icons.js';
import { cleanName } from './text.js';
import { createConversations } from './view_conversations.js';
import { openInvite } from './view_invite.js';
import { createMembersView } from './view_members.js';
import { createSearch } from './view_search.js';
import { openSettings } from './view_settings.js';
import { createThreadView } from './view_thread.js';

const RESUMED_MS = 4000;
const MEMBERS = '#/members';
const NARROW = matchMedia('(max-width: 44rem)');

const peerOf = (hash) => (hash.startsWith('#/c/') ? decodeURIComponent(hash.slice(4)) : null);

export function createChat({ model, t, format, applyTheme }) {
  const ui = { model, t, format, applyTheme, isNarrow: () => NARROW.matches };
  ui.openInvite = () => openInvite(ui);
  ui.searchIn = (peer) => { if (ui.isNarrow()) go('#/', null); search.searchIn(peer); };
  /** Shows a conversation (at a message), or none. */
  ui.show = (peer, at = null) => (peer ? go(`#/c/${encodeURIComponent(peer)}`, at) : leave());

  const conversations = createConversations(ui);
  ui.list = conversations.view;
  const search = createSearch(ui);
  const thread = createThreadView(ui);
  const members = createMembersView(ui);
  const tool = (name, label, onclick) => element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, icon(name));
  const status = element('p', { class: 'notice', role: 'status' });
  const side = element('nav', { class: 'side', 'aria-label': t('conversations.label') },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }),
      element('div', { class: 'who' }, element('p', { class: 'title' }, isolated(cleanName(model.node.community_name))), element('p', { class: 'sub' }, isolated(cleanName(model.node.display_name) || model.node.short_id))),
      tool('people', t('members.title'), () => go(MEMBERS, null)), tool('invite', t('invite.open'), ui.openInvite), tool('gear', t('settings.title'), () => openSettings(ui))),
    search.field, conversations.view, search.results);
  const view = element('div', { class: 'chat' }, element('h1', { class: 'unseen' }, cleanName(model.node.community_name)), status, side, thread.view, members.view);

  /** What the address says is shown. */
  async function apply(at) {
    const { hash } = location;
    const peer = peerOf(hash);
    const showsMembers = hash === MEMBERS;
    members.view.hidden = !showsMembers;
    thread.view.hidden = showsMembers;
    view.classList.toggle('open', showsMembers || peer !== null);
    if (showsMembers) members.show();
    await model.open(model.byPeer.has(peer) ? peer : null, at);
  }

  /** From the list it is one step forward, and going back leads to the list again. */
  function go(hash, at) {
    const atList = location.hash === '' || location.hash === '#/';
    if (hash === '#/' && history.state?.fromList) {
      history.back(); // popstate applies it
      return;
    }
    if (hash !== location.hash) history[atList ? 'pushState' : 'replaceState']({ fromList: atList || history.state?.fromList }, '', hash);
    apply(at);
  }

  /** Out of a conversation, to where it was in the list. */
  function leave() {
    const peer = model.current;
    go('#/', null);
    (conversations.view.querySelector(`[data-peer="${CSS.escape(peer ?? '')}"]`) ?? document.getElementById('search')).focus({ preventScroll: true });
  }

  let timer = null;
  function renderConnection() {
    const words = { lost: t('connection.lost'), resumed: t('connection.resumed') }[model.connection];
    clearTimeout(timer);
    status.className = `notice ${model.connection}`;
    status.textContent = words ?? '';
    if (model.connection === 'resumed') timer = setTimeout(() => { status.textContent = ''; status.className = 'notice'; }, RESUMED_MS);
  }

  /** Alt with an arrow goes to the next conversation, Ctrl+K or / to the search, Esc out of where one is. */
  function onKey(event) {
    if (document.querySelector('dialog[open]')) return;
    const typing = event.target.matches('input, textarea');
    const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      const at = model.conversations.findIndex((entry) => entry.peer === model.current);
      const next = model.conversations[at < 0 ? 0 : at + step];
      event.preventDefault();
      if (next) ui.show(next.peer);
    } else if ((event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing)) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape') {
      if (search.isActive()) search.clear();
      else if (location.hash !== '' && location.hash !== '#/') leave();
    }
  }

  window.addEventListener('popstate', () => apply(null));
  document.addEventListener('keydown', onKey);
  model.subscribe((what, detail) => {
    if (what === 'connection') renderConnection();
    if (what === 'arrival' && detail.from !== model.current) announce(t('announce.message', { name: model.nameOf(detail.from), text: detail.body.slice(0, 300) }));
    if (what === 'conversations' && !model.current && peerOf(location.hash) && model.byPeer.has(peerOf(location.hash))) apply(null);
  });
  conversations.render();
  return { view, show: ui.show, start: () => apply(null) };
}
