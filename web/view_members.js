// Who belongs to the community: the members, inviting one more, shutting one out.

import { arrange, button, codeField, createForm, element, hint, iconButton, isolated, labelled, openDialog, select } from './dom.js';
import { createScanButtons, createSharing } from './qr.js';
import { nameOf, shortId } from './text.js';
import { avatar } from './view_list.js';

const RANK = { anchor: 0, trusted: 1, member: 2 };
const DAY_SECONDS = 86400;

export function openInvite({ model, t, format }) {
  openDialog({ title: t('invite.title'), t }, () => {
    const body = element('div', {}, form());

    function form() {
      const id = codeField(3, { required: true, placeholder: 'hearthnet-id://…' });
      const name = element('input', { maxlength: 64, autocomplete: 'off' });
      const level = select(['member', 'trusted'].map((value) => [value, t(`level.${value}`)]), 'member');
      const lasts = select([1, 7, 30].map((count) => [count, t('invite.days', { count })]), 7);
      const submit = async () => result(await model.invite({
        invitee_node_id: id.value.trim(), initial_level: level.value, ttl_seconds: lasts.value * DAY_SECONDS, display_name: name.value.trim() || undefined,
      }));
      return createForm({ action: t('invite.make'), submit, t, place: 'invite' }, hint(t('invite.hint')), labelled(t('invite.id'), id),
        createScanButtons(t, { prefixes: ['hearthnet-id://', 'ed25519:'], onFound: (text) => { id.value = text; name.focus(); } }),
        labelled(t('invite.name'), name, t('invite.name_hint')),
        element('div', { class: 'pair' }, model.node.level !== 'member' && labelled(t('invite.level'), level, `${t('level.trusted')}: ${t('level.trusted.title')}`), labelled(t('invite.lasts'), lasts))).form;
    }

    function result({ invite, expires_at }) {
      const done = element('p', { tabindex: -1 }, t('invite.done', { at: format.full(expires_at) }));
      const again = () => { body.replaceChildren(form()); body.querySelector('textarea').focus(); };
      body.replaceChildren(done, createSharing(t, { text: invite, description: t('join.invite'), copyLabel: t('invite.copy') }),
        element('div', { class: 'actions' }, button(t('invite.another'), again, { class: 'plain' })));
      done.focus();
    }
    return [body];
  });
}

export const createIdentity = (node, t) => [hint(t('identity.hint')), createSharing(t, { text: node.id_text, description: t('identity.title'), copyLabel: t('identity.copy') })];

/** What `hearthchat co-sign` prints: one agreement a line, "NODE_ID,SIGNATURE". */
const readAgreements = (text) => text.split(/\s+/).filter(Boolean).map((line) => {
  const [node_id, signature = ''] = line.split(',');
  return { node_id, signature };
});

function openRevocation({ model, t }, member) {
  const name = nameOf(member);
  const others = model.members.filter(({ level, node_id }) => level !== 'member' && node_id !== member.node_id);
  let needed = model.node.policy.min_signatures_to_revoke;
  if (member.node_id !== model.node.community_id) needed = Math.min(needed, others.length);
  openDialog({ title: t('revoke.title', { name }), t }, (close) => {
    const reason = select(['compromised', 'inactive', 'policy_violation', 'other'].map((value) => [value, t(`revoke.reason.${value}`)]), 'other');
    const typed = element('input', { autocomplete: 'off', spellcheck: 'false' });
    const agreements = codeField(3);
    const command = element('code', { class: 'code' });
    const { form, send } = createForm({
      action: t('revoke.action', { name }), danger: true, t, place: 'revoke',
      submit: async () => { await model.revoke(member.node_id, reason.value, readAgreements(agreements.value)); close(); },
    },
    element('ul', { class: 'consequences' }, ['out', 'kept', 'forever'].map((key) => element('li', {}, t(`revoke.${key}`, { name })))),
    labelled(t('revoke.reason'), reason),
    needed > 1 && [hint(t('revoke.more', { count: needed - 1 })), command, labelled(t('revoke.agreements'), agreements)],
    labelled(t('revoke.confirm', { name }), typed));
    form.oninput = () => {
      command.textContent = `hearthchat co-sign ${member.node_id} --reason ${reason.value}`;
      send.disabled = typed.value.trim().toLowerCase() !== name.toLowerCase();
    };
    form.oninput();
    return [form];
  });
}

export function createMembersView(ui) {
  const { model, t } = ui;
  const list = element('ul', { class: 'members' });
  const count = element('p', { class: 'sub' });
  const title = element('h2', { tabindex: -1 }, t('members.title'));
  const view = element('section', { class: 'page' },
    element('header', {}, iconButton('back', t('thread.back'), () => ui.show(null), 'back'), element('div', { class: 'who' }, title, count),
      button(t('invite.open'), ui.openInvite, { class: 'primary' })),
    element('div', { class: 'scroller' }, list));

  function row(member, namesakes) {
    const { node_id, level, online } = member;
    const name = nameOf(member);
    const self = node_id === model.self;
    return element('li', { class: 'member', 'data-member': node_id }, avatar(node_id, name, online),
      element('div', { class: 'about' },
        element('p', {}, isolated(name, { class: 'name' }), element('span', { class: `level ${level}`, title: t(`level.${level}.title`) }, t(`level.${level}`))),
        element('p', { class: online && !self ? 'sub online' : 'sub' }, self ? t('members.self') : ui.presence(member)),
        element('p', { class: 'sub' }, element('code', { title: node_id }, shortId(member)), namesakes > 1 && element('strong', {}, ` ${t('members.namesake')}`))),
      !self && element('div', { class: 'buttons' }, button(t('members.write_short'), () => ui.show(node_id), { 'aria-label': t('members.write', { name }) }),
        RANK[model.node.level] <= RANK.trusted && button(t('revoke.open'), () => openRevocation(ui, member), { class: 'plain danger-text', 'aria-label': `${t('revoke.open')} ${name}` })));
  }

  function render() {
    if (!model.members || view.hidden) return;
    const named = new Map();
    for (const member of model.members) named.set(nameOf(member), (named.get(nameOf(member)) ?? 0) + 1);
    const sorted = [...model.members].sort((a, b) => RANK[a.level] - RANK[b.level] || nameOf(a).localeCompare(nameOf(b)));
    count.textContent = t('members.count', { count: sorted.length });
    arrange(list, sorted.map((member) => row(member, named.get(nameOf(member)))));
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
