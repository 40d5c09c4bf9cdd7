// Who belongs to the community: the members, with what can be done about each; one's own name and id.

import { arrange, button, closeWhenLeft, element, hint, icon, iconButton, isolated, labelled } from './dom.js';
import { api } from './node.js';
import { createSharing } from './qr.js';
import { cleanName, nameOf, plainName, shortId } from './text.js';
import { avatar } from './view_list.js';
import { openContact, signedName } from './view_contact.js';
import { openSafety, verifiedMark } from './view_safety.js';
import { openAgreeing, openLevel, openRevocation } from './view_standing.js';

const RANK = { anchor: 0, trusted: 1, member: 2 };

/** What one is called; keep() tells the node when that is new. `known`: the neighbours know it, so it may be left away. */
export function createNameField({ display_name, suggested_name }, t, known = false) {
  const input = element('input', { maxlength: 64, autocomplete: 'name', value: display_name || suggested_name });
  const keep = async () => {
    const name = input.value.trim();
    try {
      if (!name && !known) throw { code: 'nameless' };
      if (name && name !== display_name) ({ display_name } = await api.rename(name));
    } catch (error) {
      input.focus();
      throw error.code === 'bad_request' ? { ...error, code: 'name', message: error.message } : error;
    }
  };
  return { field: labelled(t('name.label'), input, t('name.hint')), keep };
}

export const createIdentity = (node, t) => [hint(t('identity.hint')), createSharing(t, { text: node.id_text, description: t('identity.title'), copyLabel: t('identity.copy') })];

export function createMembersView(ui) {
  const { model, t } = ui;
  const drawn = new Map(); // NodeID -> {deeds, node}
  const list = element('ul', { class: 'members' });
  const count = element('p', { class: 'sub' });
  const title = element('h2', { tabindex: -1 }, t('members.title'));
  const agreeing = button(t('agree.open'), () => openAgreeing(ui), { class: 'plain' });
  const mayDecide = () => RANK[model.node.level] <= RANK.trusted;
  const view = element('section', { class: 'page' },
    element('header', {}, iconButton('back', t('thread.back'), () => ui.show(null), 'back'), element('div', { class: 'who' }, title, count),
      agreeing, button(t('invite.open'), ui.openInvite, { class: 'primary' })),
    element('div', { class: 'scroller' }, list));

  function menu(member, name) {
    const other = member.level === 'member' ? 'trusted' : 'member';
    const standing = mayDecide() && [[t(`standing.make.${other}`), () => openLevel(ui, member, other)], [t('revoke.open'), () => openRevocation(ui, member), { class: 'danger-text' }]];
    const item = (words, open, attributes) => button(words, () => { view.removeAttribute('open'); open(); }, { 'aria-label': `${words} ${name}`, ...attributes });
    const view = element('details', {
      class: 'menu',
      onkeydown: (event) => { if (event.key === 'Escape' && view.open) { event.stopPropagation(); view.removeAttribute('open'); view.firstChild.focus(); } },
    }, element('summary', { 'aria-label': t('members.menu', { name }), title: t('members.menu', { name }) }, icon('more')),
    element('div', {}, [[t('contact.open'), () => openContact(ui, member)], [t('safety.open'), () => openSafety(ui, member)], ...standing || []].map((deed) => item(...deed))));
    closeWhenLeft(view, () => view.removeAttribute('open'));
    return view;
  }

  function about(member) {
    const { node_id, level, online, namesake } = member;
    const self = node_id === model.self;
    return element('div', { class: 'about' },
      element('p', {}, isolated(cleanName(member.nickname ?? '') || plainName(member) || shortId(member), { class: 'name' }), verifiedMark(member, t), element('span', { class: `level ${level}`, title: t(`level.${level}.title`) }, t(`level.${level}`))),
      element('p', { class: online && !self ? 'sub online' : 'sub' }, self ? t('members.self') : ui.presence(member)),
      element('p', { class: 'sub' }, element('code', { title: node_id }, shortId(member))),
      signedName(member, t),
      member.blocked && element('p', { class: 'sub' }, t('contact.is_blocked')),
      namesake && element('p', { class: 'warning' }, t(`namesake.${namesake}`)));
  }

  /** The buttons stay as long as they do the same: an open menu stays open, whoever comes and goes. */
  function row(member) {
    const { node_id, level, online } = member;
    const name = nameOf(member);
    const deeds = [name, level, model.node.level].join('\n');
    const known = drawn.get(node_id);
    const parts = [avatar(node_id, name, online), about(member)];
    if (known?.deeds === deeds) {
      parts.forEach((part, at) => known.node.children[at].replaceWith(part));
      return known.node;
    }
    const node = element('li', { class: 'member', 'data-member': node_id }, ...parts,
      node_id !== model.self && element('div', { class: 'buttons' }, button(t('members.write_short'), () => ui.show(node_id), { 'aria-label': t('members.write', { name }) }),
        menu(member, name)));
    drawn.set(node_id, { deeds, node });
    return node;
  }

  function render() {
    agreeing.hidden = !mayDecide();
    if (!model.members || view.hidden) return;
    const sorted = [...model.members].sort((a, b) => RANK[a.level] - RANK[b.level] || nameOf(a).localeCompare(nameOf(b)));
    count.textContent = t('members.count', { count: sorted.length });
    arrange(list, sorted.map(row));
  }

  model.subscribe((what) => { if (what === 'members') render(); });
  return {
    view,
    show() {
      if (!view.hidden) title.focus();
      render();
      model.loadMembers().catch((error) => { count.textContent = t.problem(error); });
    },
  };
}
