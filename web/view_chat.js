// The frame: the list at the left, a conversation or the members at the right, as the address says; one column on a phone.

import { announce, element, hint, iconButton, isolated, labelled, openDialog, problemLine, select } from './dom.js';
import { settings } from './keep.js';
import { askPermission, chime } from './notify.js';
import { cleanName, visible } from './text.js';
import { createConversations, createSearch } from './view_list.js';
import { createIdentity, createMembersView, openInvite } from './view_members.js';
import { createThreadView } from './view_thread.js';

const RESUMED_MS = 4000;
const MEMBERS = '#/members';
const NARROW = matchMedia('(max-width: 44rem)');

const peerOf = (hash) => (hash.startsWith('#/c/') ? hash.slice(4) : null);

export const applyTheme = () => { document.documentElement.dataset.theme = settings.get().theme; };

function openSettings({ model, t }) {
  const now = settings.get();
  const problem = problemLine();

  const choice = (name, others, apply) => {
    const control = select([['auto', t('settings.auto')], ...others], now[name]);
    control.onchange = () => { settings.set({ [name]: control.value }); apply(); };
    return labelled(t(`settings.${name}`), control);
  };
  const box = (name, allow) => {
    const input = element('input', { type: 'checkbox', checked: now[name], onchange: async () => {
      problem.textContent = '';
      input.checked = input.checked && await allow();
      settings.set({ [name]: input.checked });
    } });
    return element('div', { class: 'field' }, element('label', {}, input, ` ${t(`settings.${name}`)}`));
  };

  openDialog({ title: t('settings.title'), t }, () => [
    choice('language', [['de', 'Deutsch'], ['en', 'English']], () => location.reload()),
    choice('theme', [['light', t('settings.light')], ['dark', t('settings.dark')]], applyTheme),
    box('notifications', async () => {
      const granted = await askPermission();
      if (!granted) problem.textContent = t('settings.notifications_denied');
      return granted;
    }),
    box('sound', async () => { chime(); return true; }),
    hint(t('settings.hint')),
    problem,
    element('details', {}, element('summary', {}, t('identity.title')), createIdentity(model.node, t), hint(t('identity.short', { id: model.node.short_id }))),
    hint(`Hearthchat ${model.node.version}`),
  ]);
}

export function createChat({ model, t, format }) {
  const ui = { model, t, format, isNarrow: () => NARROW.matches };
  ui.openInvite = () => openInvite(ui);
  ui.searchIn = (peer) => { if (ui.isNarrow()) go('#/', null); search.searchIn(peer); };
  /** Shows a conversation, at a message if there is one; or none. */
  ui.show = (peer, at = null) => (peer ? go(`#/c/${peer}`, at) : leave());

  ui.presence = ({ level, online, last_seen }) => (level === null ? t('presence.gone') : online ? t('presence.online')
    : last_seen ? t('presence.seen', { at: format.moment(last_seen) }) : t('presence.never'));

  ui.brief = ({ body, e2e, attachments }, most) => (e2e ? t('message.sealed') : visible(body.slice(0, most)) || attachments.map(({ name }) => name).join(', '));

  ui.say = (message) => announce(`${model.nameOf(message.from)}: ${ui.brief(message, 300)}`);

  const conversations = createConversations(ui);
  ui.list = conversations.view;
  const search = createSearch(ui);
  const thread = createThreadView(ui);
  const members = createMembersView(ui);
  const status = element('p', { class: 'notice', role: 'status' });
  const side = element('nav', { class: 'side', 'aria-label': t('conversations.label') },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }),
      element('div', { class: 'who' }, element('p', { class: 'title' }, isolated(cleanName(model.node.community_name))), element('p', { class: 'sub' }, isolated(cleanName(model.node.display_name) || model.node.short_id))),
      iconButton('people', t('members.title'), () => go(MEMBERS, null)), iconButton('invite', t('invite.open'), ui.openInvite), iconButton('gear', t('settings.title'), () => openSettings(ui))),
    search.field, conversations.view, search.results);
  const view = element('div', { class: 'chat' }, element('h1', { class: 'unseen' }, cleanName(model.node.community_name)), status, side, thread, members.view);

  async function apply(at) {
    const { hash } = location;
    const peer = peerOf(hash);
    const showsMembers = hash === MEMBERS;
    members.view.hidden = !showsMembers;
    thread.hidden = showsMembers;
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
    const { connection } = model;
    clearTimeout(timer);
    status.className = `notice ${connection}`;
    status.textContent = ['lost', 'resumed'].includes(connection) ? t(`connection.${connection}`) : '';
    if (connection === 'resumed') timer = setTimeout(() => { status.textContent = ''; }, RESUMED_MS);
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
    if (what === 'arrival' && detail.from !== model.current) ui.say(detail);
    if (what === 'conversations' && !model.current && peerOf(location.hash) && model.byPeer.has(peerOf(location.hash))) apply(null);
  });
  conversations.render();
  return { view, show: ui.show, start: () => apply(null) };
}
