// First start: create a community, or be invited into one.

import { api } from './api.js';
import { createForm, labelled, select } from './dialog.js';
import { element } from './dom.js';
import { createScanButtons } from './scan.js';
import { createSharing } from './sharing.js';

function createCard(t, done) {
  const name = element('input', { required: true, maxlength: 64, autocomplete: 'off' });
  const signatures = select([1, 2, 3].map((count) => [count, t('create.signatures', { count })]), 3);
  const submit = async () => {
    await api.createCommunity(name.value.trim(), { min_signatures_to_revoke: Number(signatures.value) });
    done();
  };
  const { form } = createForm({ action: t('create.action'), submit, problem: (error) => t.problem(error, 'create') },
    labelled(t('create.name'), name),
    element('details', {}, element('summary', {}, t('create.more')), labelled(t('create.policy'), signatures, t('create.policy_hint'))));
  return element('section', { class: 'card' }, element('h2', {}, t('create.title')), element('p', { class: 'hint' }, t('create.hint')), form);
}

function joinCard(t, done) {
  const invite = element('textarea', { required: true, rows: 4, spellcheck: 'false', autocomplete: 'off', placeholder: 'hearthnet://v1/…' });
  const submit = async () => {
    await api.join(invite.value.trim());
    done();
  };
  const { form } = createForm({ action: t('join.action'), submit, problem: (error) => t.problem(error, 'join') },
    labelled(t('join.invite'), invite), createScanButtons(t, { prefixes: ['hearthnet://'], onFound: (text) => { invite.value = text; form.requestSubmit(); } }));
  return element('section', { class: 'card' }, element('h2', {}, t('join.title')), element('p', { class: 'hint' }, t('join.hint')), form);
}

export function createWelcome({ t, node, onReady }) {
  return element('div', { class: 'welcome' },
    element('header', {}, element('img', { src: 'icon.svg', alt: '' }), element('h1', { tabindex: -1 }, t('welcome.title'))),
    element('p', { class: 'lead' }, t('welcome.lead')),
    element('div', { class: 'cards' }, createCard(t, onReady), joinCard(t, onReady),
      element('section', { class: 'card' }, element('h2', {}, t('identity.title')), element('p', { class: 'hint' }, t('identity.hint')),
        createSharing(t, { text: node.id_text, description: t('identity.text'), copyLabel: t('identity.copy') }))));
}
