// Inviting a neighbour: their id in, an invite out. And one's own id, for the neighbour who invites.

import { createForm, labelled, openDialog, select } from './dialog.js';
import { element } from './dom.js';
import { createScanButtons } from './scan.js';
import { createSharing } from './sharing.js';

const DAY_SECONDS = 86400;

export function openInvite({ model, t, format }) {
  openDialog({ title: t('invite.title'), close: t('close') }, () => {
    const body = element('div', {});
    body.append(form());

    function form() {
      const id = element('textarea', { rows: 3, required: true, spellcheck: 'false', autocomplete: 'off', placeholder: 'hearthnet-id://…' });
      const name = element('input', { maxlength: 64, autocomplete: 'off' });
      const level = select([['member', t('level.member')], ['trusted', t('level.trusted')]], 'member');
      const lasts = select([[1, t('invite.days', { count: 1 })], [7, t('invite.days', { count: 7 })], [30, t('invite.days', { count: 30 })]], 7);
      async function submit() {
        const invitation = { invitee_node_id: id.value.trim(), initial_level: level.value, ttl_seconds: Number(lasts.value) * DAY_SECONDS };
        if (name.value.trim()) invitation.display_name = name.value.trim();
        result(await model.invite(invitation));
      }
      return createForm({ action: t('invite.make'), submit, problem: (error) => t.problem(error, 'invite') },
        element('p', { class: 'hint' }, t('invite.hint')),
        labelled(t('invite.id'), id), createScanButtons(t, { prefixes: ['hearthnet-id://', 'ed25519:'], onFound: (text) => { id.value = text; name.focus(); } }),
        labelled(t('invite.name'), name, t('invite.name_hint')),
        element('div', { class: 'pair' }, model.node.level === 'member' ? null : labelled(t('invite.level'), level, t('invite.level_hint')), labelled(t('invite.lasts'), lasts))).form;
    }

    function result({ invite, expires_at }) {
      const title = element('p', { tabindex: -1 }, t('invite.done', { at: format.full(expires_at) }));
      body.replaceChildren(title, createSharing(t, { text: invite, description: t('invite.text'), copyLabel: t('invite.copy') }),
        element('div', { class: 'actions' }, element('button', { type: 'button', class: 'plain', onclick: () => { body.replaceChildren(form()); body.querySelector('textarea').focus(); } }, t('invite.another'))));
      title.focus();
    }
    return [body];
  });
}

export function openIdentity({ model, t }) {
  openDialog({ title: t('identity.title'), close: t('close') }, () => [
    element('p', { class: 'hint' }, t('identity.hint')),
    createSharing(t, { text: model.node.id_text, description: t('identity.text'), copyLabel: t('identity.copy') }),
    element('p', { class: 'hint' }, t('identity.short', { id: model.node.short_id })),
  ]);
}
