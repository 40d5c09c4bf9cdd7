// One more in: by an invite for whoever has it, which is there at once; or by one for a single device, made from its id.

import { announce, button, codeField, createForm, element, hint, inNextFrame, isolated, labelled, openDialog, problemLine, select } from './dom.js';
import { createScanButtons, createSharing } from './qr.js';
import { nameOf } from './text.js';

const DAY_SECONDS = 86400;
const DAYS = [1, 7, 30];
const USES = [1, 5, 20];

const share = (t, text) => createSharing(t, { text, description: t('join.invite'), copyLabel: t('invite.copy') });

/** What an invite is to be good for. */
function createChoices({ model, t }, onchange) {
  const level = select(['member', 'trusted'].map((value) => [value, t(`level.${value}`)]), 'member');
  const lasts = select(DAYS.map((count) => [count, t('invite.days', { count })]), 7);
  const uses = select(USES.map((count) => [count, t('invite.people', { count })]), 1);
  return {
    view: element('form', { class: 'pair', onchange }, labelled(t('invite.uses'), uses), labelled(t('invite.lasts'), lasts),
      model.node.level !== 'member' && labelled(t('invite.level'), level, `${t('level.trusted')}: ${t('level.trusted.title')}`)),
    read: () => ({ initial_level: level.value, ttl_seconds: lasts.value * DAY_SECONDS }),
    uses: () => Number(uses.value),
  };
}

/** For whoever has it: the code, and what it is good for. */
function createOpen({ model, t, format }) {
  const sharing = element('div', {}, hint(t('invite.hint')), element('div', { class: 'qr waiting' }));
  const problem = problemLine();
  const terms = element('summary', {}, t('invite.choices'));
  let run = 0;
  let left = 0;

  const make = inNextFrame(async () => {
    const own = ++run;
    problem.textContent = '';
    try {
      const uses = choices.uses();
      const { invite, expires_at } = await model.openInvite({ ...choices.read(), uses });
      if (own !== run) return;
      left = uses;
      sharing.replaceChildren(hint(t('invite.hint')), share(t, invite));
      terms.textContent = t('invite.terms', { count: uses, at: format.full(expires_at) });
    } catch (error) {
      if (own !== run) return;
      problem.textContent = t.problem(error, 'open_invite');
      offer(t('retry'));
    }
  });
  const offer = (words) => {
    terms.textContent = t('invite.choices');
    sharing.replaceChildren(element('div', { class: 'actions' }, button(words, make)));
  };
  const choices = createChoices({ model, t }, make);
  make();
  return {
    view: [problem, sharing, element('details', { class: 'terms' }, terms, choices.view)],
    choices,
    /** Somebody is in, who may have used it. */
    use() { if (--left <= 0) offer(t('invite.another')); },
  };
}

/** For one device alone: its id comes first. */
function createById({ model, t, format }, choices) {
  const body = element('div', {}, form());

  function form() {
    const id = codeField(3, { required: true, placeholder: 'hearthnet-id://…' });
    const name = element('input', { maxlength: 64, autocomplete: 'off' });
    const submit = async () => result(await model.invite({ invitee_node_id: id.value, display_name: name.value.trim() || undefined, ...choices.read() }));
    return createForm({ action: t('invite.make'), submit, t, place: 'invite' }, hint(t('invite.id_hint')), labelled(t('invite.id'), id),
      createScanButtons(t, { prefixes: ['hearthnet-id://', 'ed25519:'], onFound: (text) => { id.value = text; name.focus(); } }),
      labelled(t('invite.name'), name, t('invite.name_hint'))).form;
  }

  function result({ invite, expires_at }) {
    const done = element('p', { tabindex: -1 }, t('invite.done', { at: format.full(expires_at) }));
    const again = () => { body.replaceChildren(form()); body.querySelector('textarea').focus(); };
    body.replaceChildren(done, share(t, invite), element('div', { class: 'actions' }, button(t('invite.another'), again, { class: 'plain' })));
    done.focus();
  }
  return element('details', { class: 'terms' }, element('summary', {}, t('invite.by_id')), body);
}

/** Tells of those whom this node's invites bring in while one looks; returns the end of it. */
function watchArrivals(model, tell) {
  const idsOf = (members) => members && new Set(members.map(({ node_id }) => node_id));
  let known = idsOf(model.members);
  const stop = model.subscribe((what) => {
    if (what !== 'members') return;
    for (const member of model.members) if (known && !known.has(member.node_id) && member.added_by === model.self) tell(member);
    known = idsOf(model.members);
  });
  model.loadMembers().catch(() => {}); // when the node is back they are read again
  return stop;
}

export function openInvite(ui) {
  const { model, t } = ui;
  let stop = null;
  openDialog({ title: t('invite.title'), t, onClose: () => stop() }, (close) => {
    const open = createOpen(ui);
    const arrived = element('div', { class: 'arrived' });
    stop = watchArrivals(model, (member) => {
      const words = t('invite.in', { name: nameOf(member) });
      announce(words);
      arrived.append(element('p', {}, isolated(words), button(t('invite.hello'), () => { close(); ui.show(member.node_id); }, { class: 'primary' })));
      arrived.scrollIntoView({ block: 'nearest' });
      open.use();
    });
    return [arrived, ...open.view, createById(ui, open.choices)];
  });
}
