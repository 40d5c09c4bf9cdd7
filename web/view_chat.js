// The frame: the list at the left, a conversation or the members at the right, as the address says; one column on a phone.

import { announce, button, createForm, element, hint, iconButton, isComposing, isolated, labelled, leaveDialogs, openDialog, problemLine, select } from './dom.js';
import { isUnkept, settings } from './keep.js';
import { askPermission, chime } from './notify.js';
import { brief, cleanName, shortId } from './text.js';
import { createBlocked } from './view_contact.js';
import { openInvite } from './view_invite.js';
import { createConversations, createSearch } from './view_list.js';
import { createIdentity, createMembersView, createNameField } from './view_members.js';
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

  const own = createNameField(model.node, t);
  openDialog({ title: t('settings.title'), t }, () => [
    createForm({ action: t('name.keep'), submit: async () => { await own.keep(); await model.refresh(); announce(t('name.kept')); }, t, place: 'name' }, own.field).form,
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
    createBlocked({ model, t }),
    element('details', {}, element('summary', {}, t('identity.title')), createIdentity(model.node, t), hint(t('identity.short', { id: shortId(model.node) }))),
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

  ui.brief = (message, most) => {
    const own = message.from === model.self;
    return brief(message, t, most, model.nameOf(own ? message.to : message.from), own);
  };

  ui.say = (message) => announce(`${model.nameOf(message.from)}: ${ui.brief(message, 300)}`);

  const conversations = createConversations(ui);
  ui.list = conversations.view;
  const search = createSearch(ui);
  const thread = createThreadView(ui);
  const members = createMembersView(ui);
  const status = element('p', { class: 'notice', role: 'status' });
  const clock = element('p', { class: 'notice told clock', role: 'status', hidden: true });
  const own = element('p', { class: 'sub' });
  const renderOwn = () => own.replaceChildren(isolated(cleanName(model.node.display_name) || shortId(model.node)));
  const copy = element('p', { class: 'notice lost', role: 'status' });
  const setBack = element('p', { class: 'notice told', role: 'status', hidden: true });
  const unkept = element('p', { class: 'notice told', role: 'status' });
  const renderUnkept = () => { unkept.textContent = isUnkept() ? t('unkept') : ''; renderStatus(); };
  const side = element('nav', { class: 'side', 'aria-label': t('conversations.label') },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }),
      element('div', { class: 'who' }, element('p', { class: 'title' }, isolated(cleanName(model.node.community_name))), own),
      iconButton('people', t('members.title'), () => go(MEMBERS, null)), iconButton('invite', t('invite.open'), ui.openInvite), iconButton('gear', t('settings.title'), () => openSettings(ui))),
    search.field, conversations.view, search.results);
  const view = element('div', { class: 'chat' }, element('h1', { class: 'unseen' }, cleanName(model.node.community_name)), element('div', { class: 'notices' }, status, clock, copy, setBack, unkept), side, thread.view, members.view);

  async function apply(at) {
    leaveDialogs(); // what is in them is about what was shown
    const { hash } = location;
    const peer = peerOf(hash);
    const showsMembers = hash === MEMBERS;
    members.view.hidden = !showsMembers;
    thread.view.hidden = showsMembers;
    view.classList.toggle('open', showsMembers || peer !== null);
    if (showsMembers) members.show();
    await model.open(model.byPeer.has(peer) ? peer : null, at);
  }

  /** Going back leads to what was there before; out to the list is as many steps back as it took from there. */
  function go(hash, at) {
    const atList = location.hash === '' || location.hash === '#/';
    const steps = atList ? 0 : history.state?.steps;
    if (hash === '#/' && steps) {
      history.go(-steps); // popstate applies it
      return;
    }
    if (hash !== location.hash) history.pushState({ steps: steps === undefined ? undefined : steps + 1 }, '', hash);
    apply(at);
  }

  /** Out of a conversation, to where it was in the list. */
  function leave() {
    const peer = model.current;
    go('#/', null);
    (conversations.view.querySelector(`[data-peer="${CSS.escape(peer ?? '')}"]`) ?? document.getElementById('search')).focus({ preventScroll: true });
  }

  let resumedUntil = 0;
  function renderStatus() {
    const { connection, node: { catching_up } } = model;
    const resumed = connection === 'resumed' && Date.now() < resumedUntil;
    let words = connection === 'lost' || resumed ? t(`connection.${connection}`) : '';
    if (connection === 'lost' && !isUnkept()) words += ` ${t('kept')}`;
    if (!words && catching_up) {
      const { peer, received, total, seconds_left } = catching_up;
      words = t('catching_up', { name: model.nameOf(peer), received: format.number(received), total: format.number(total) })
        + (seconds_left === null ? '' : ` ${t('catching_up.left', { time: format.duration(seconds_left) })}`);
    }
    status.className = `notice ${words && connection !== 'lost' && !resumed ? 'busy' : connection}`;
    if (status.textContent !== words) status.textContent = words;
  }

  let wasWrong = false; // since it is connected
  /** Told once, and again when it is wrong in another way. */
  function renderClock() {
    const { clock_skew_seconds: skew } = model.node;
    const wrong = skew ? `${Math.sign(skew)} ${Math.round(Math.log2(Math.abs(skew)))}` : '';
    const { clockTold } = settings.get();
    clock.hidden = !wrong || clockTold === wrong;
    if (!wrong && wasWrong) settings.set({ clockTold: '' }); // nothing wrong alone may be nothing known
    wasWrong = Boolean(wrong);
    if (clock.hidden) return;
    clock.replaceChildren(t(skew > 0 ? 'clock.ahead' : 'clock.behind', { time: format.duration(Math.abs(skew)) }), ' ',
      button(t('close'), () => { settings.set({ clockTold: wrong }); clock.hidden = true; }));
  }

  function renderCopy() {
    const words = model.node.other_copy_at ? t('other_copy') : '';
    if (copy.textContent !== words) copy.textContent = words;
    const { set_back_at: at } = model.node;
    const told = !at || settings.get().setBackTold === at;
    if (setBack.hidden === told) return;
    setBack.hidden = told;
    setBack.replaceChildren(...(told ? [] : [t('set_back'), ' ', button(t('close'), () => { settings.set({ setBackTold: at }); renderCopy(); })]));
  }

  /** Alt with an arrow goes to the next conversation, Ctrl+K or / to the search, Esc out of where one is, and whatever else is typed into the message. */
  function onKey(event) {
    if (isComposing(event) || document.querySelector('dialog[open]')) return;
    const typing = event.target.matches('input, textarea, select');
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    const command = event.ctrlKey || event.metaKey;
    const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step) {
      const at = model.conversations.findIndex((entry) => entry.peer === model.current);
      const next = model.conversations[at < 0 ? 0 : at + step];
      event.preventDefault();
      if (next) ui.show(next.peer);
    } else if ((event.key === 'k' && command) || (event.key === '/' && !typing)) {
      event.preventDefault();
      search.focus();
    } else if (page && (event.target.id === 'composer' || event.target === document.body)) {
      event.preventDefault();
      thread.turn(page);
    } else if (!typing && !event.altKey && (command ? event.key === 'v' : event.key === 'Dead' || (event.key.length === 1 && event.key !== ' '))) {
      thread.write(); // what is typed then stands there
    } else if (event.key === 'Escape') {
      if (search.isActive()) search.clear();
      else if (location.hash !== '' && location.hash !== '#/') leave();
    }
  }

  window.addEventListener('popstate', () => apply(null));
  window.addEventListener('keeping', renderUnkept);
  window.addEventListener('storage', ({ key }) => { if (key === 'settings') applyTheme(); }); // another tab's
  document.addEventListener('keydown', onKey);
  model.subscribe((what, detail) => {
    if (what === 'connection') {
      wasWrong = false;
      resumedUntil = Date.now() + RESUMED_MS;
      setTimeout(renderStatus, RESUMED_MS + 1);
    }
    if (what === 'connection' || what === 'node') renderStatus();
    if (what === 'node') {
      renderClock();
      renderCopy();
    }
    if (what === 'node' || what === 'conversations') renderOwn();
    if (what === 'arrival' && detail.from !== model.current && !model.byPeer.get(detail.from)?.muted) ui.say(detail);
    if (what === 'conversations' && !model.current && peerOf(location.hash) && model.byPeer.has(peerOf(location.hash))) apply(null);
  });
  conversations.render();
  renderUnkept();
  renderOwn();
  return { view, show: ui.show, start: () => apply(null) };
}
