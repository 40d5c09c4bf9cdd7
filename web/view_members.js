// Who belongs to the community, what each may do, who is here; and shutting somebody out, which can't be taken back.

import { createForm, labelled, openDialog, select } from './dialog.js';
import { arrange, element, isolated } from './dom.js';
import { icon } from './icons.js';
import { nameOf, shortId } from './text.js';
import { avatar } from './view_conversations.js';

const RANK = { anchor: 0, trusted: 1, member: 2 };

/** What `hearthchat co-sign` prints: one agreement a line, "NODE_ID,SIGNATURE". */
const readAgreements = (text) => text.split(/\s+/).filter(Boolean).map((line) => {
  const [node_id, signature = ''] = line.split(',');
  return { node_id, signature };
});

function openRevocation({ model, t }, member) {
  const name = nameOf(member);
  const needed = model.node.policy.min_signatures_to_revoke;
  openDialog({ title: t('revoke.title', { name }), close: t('close') }, (close) => {
    const reason = select(['compromised', 'inactive', 'policy_violation', 'other'].map((value) => [value, t(`revoke.reason.${value}`)]), 'other');
    const typed = element('input', { autocomplete: 'off', spellcheck: 'false' });
    const agreements = element('textarea', { rows: 3, spellcheck: 'false', autocomplete: 'off' });
    const command = element('code', { class: 'code' });
    const tell = () => { command.textContent = `hearthchat co-sign ${member.node_id} --reason ${reason.value}`; };
    reason.addEventListener('change', tell);
    tell();
    const { form, button } = createForm({
      action: t('revoke.action', { name }), danger: true, problem: (error) => t.problem(error, 'revoke'),
      submit: async () => { await model.revoke(member.node_id, reason.value, readAgreements(agreements.value)); close(); },
    },
    element('ul', { class: 'consequences' }, ['out', 'kept', 'forever'].map((key) => element('li', {}, t(`revoke.${key}`, { name })))),
    labelled(t('revoke.reason'), reason),
    needed > 1 && element('div', {}, element('p', { class: 'hint' }, t('revoke.more', { count: needed - 1 })), command, labelled(t('revoke.agreements'), agreements)),
    labelled(t('revoke.confirm', { name }), typed));
    const check = () => { button.disabled = typed.value.trim().toLowerCase() !== name.toLowerCase(); };
    typed.addEventListener('input', check);
    check();
    return [form];
  });
}

export function createMembersView(ui) {
  const { model, t, format } = ui;
  const list = element('ul', { class: 'members' });
  const count = element('p', { class: 'sub' });
  const title = element('h2', { tabindex: -1 }, t('members.title'));
  const view = element('section', { class: 'page', 'aria-label': t('members.title') },
    element('header', {}, element('button', { type: 'button', class: 'icon-button back', 'aria-label': t('thread.back'), title: t('thread.back'), onclick: () => ui.show(null) }, icon('back')),
      element('div', { class: 'who' }, title, count), element('button', { type: 'button', class: 'primary', onclick: ui.openInvite }, t('invite.open'))),
    element('div', { class: 'scroller' }, list));

  function describe(member) {
    if (member.node_id === model.self) return t('members.self');
    if (member.online) return t('presence.online');
    return member.last_seen ? t('presence.seen', { at: format.moment(member.last_seen) }) : t('presence.never');
  }

  function row(member, namesakes) {
    const name = nameOf(member);
    const self = member.node_id === model.self;
    return element('li', { class: 'member', 'data-member': member.node_id }, avatar(member.node_id, name, member.online),
      element('div', { class: 'about' }, element('p', {}, isolated(name, { class: 'name' }), element('span', { class: `level ${member.level}`, title: t(`level.${member.level}.title`) }, t(`level.${member.level}`))),
        element('p', { class: member.online && !self ? 'sub online' : 'sub' }, describe(member)),
        element('p', { class: 'sub' }, element('code', { title: member.node_id }, shortId(member)), namesakes > 1 && element('strong', {}, ` ${t('members.namesake')}`))),
      !self && element('div', { class: 'buttons' },
        element('button', { type: 'button', 'aria-label': t('members.write', { name }), onclick: () => ui.show(member.node_id) }, t('members.write_short')),
        RANK[model.node.level] <= RANK.trusted && element('button', { type: 'button', class: 'plain danger-text', 'aria-label': `${t('revoke.open')} ${name}`, onclick: () => openRevocation(ui, member) }, t('revoke.open'))));
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
      model.loadMembers().catch((error) => { count.textContent = t.problem(error, 'members'); });
    },
  };
}
