// Levels and shutting out: what one asks others to agree to, and agreeing. Requests and agreements travel as the texts that the command line
// knows, in messages or by any other way.

import { button, codeField, createForm, element, hint, labelled, openDialog, select } from './dom.js';
import { nameOf, shortId } from './text.js';

const REASONS = ['compromised', 'inactive', 'policy_violation', 'other'];
const LEVELS = ['member', 'trusted', 'anchor'];
const REQUEST = /hearthchat co-sign (ed25519:[\w-]{43}) --(?:(reason) (compromised|inactive|policy_violation|other)|(level) (member|trusted|anchor))\b/;
const AGREEMENT = /(ed25519:[\w-]{43}),(ed25519:[\w-]{80,})/g;

const write = ({ target, what, value }) => `hearthchat co-sign ${target} --${what} ${value}`;

/** {target, what: 'reason' or 'level', value} that a text asks for, or null. */
export function requestIn(text) {
  const [, target, reason, why, level, which] = REQUEST.exec(text) ?? [];
  return target ? { target, what: reason ?? level, value: why ?? which } : null;
}

/** What others signed, as the text has it: [{node_id, signature}]. */
export const agreementsIn = (text) => [...text.matchAll(AGREEMENT)].map(([, node_id, signature]) => ({ node_id, signature }));

const collected = new Map(); // request -> the agreements to it that were taken from messages

const nameIn = (model, node_id) => {
  const member = model.members?.find((other) => other.node_id === node_id) ?? model.byPeer.get(node_id);
  return member ? nameOf(member) : node_id;
};

/** Who else must agree, and how one asks them; nothing where one is enough. `send` is what carries it out. */
function createAgreements({ model, t }, request, needed, others) {
  const field = codeField(3);
  const asked = element('p', { class: 'hint', role: 'status' });
  field.value = collected.get(write(request)) ?? '';
  const possible = needed <= others.length;
  const ask = ({ node_id }) => async (event) => {
    event.target.disabled = true;
    await model.send(node_id, `${t(`agree.please.${request.what}`, { name: nameIn(model, request.target) })}\n${write(request)}`);
    asked.textContent = t('agree.asked', { name: nameIn(model, node_id) });
  };
  const view = needed > 1 && [
    hint(possible ? t('agree.more', { count: needed - 1 }) : t('agree.too_few', { needed, count: others.length })),
    possible && element('div', { class: 'buttons' }, others.filter(({ node_id }) => node_id !== model.self)
      .map((member) => button(t('agree.ask', { name: nameOf(member) }), ask(member)))),
    asked,
    possible && element('details', {}, element('summary', {}, t('agree.elsewhere')), element('code', { class: 'code' }, write(request))),
    possible && labelled(t('agree.theirs'), field)];
  return { view, possible, read: () => agreementsIn(field.value) };
}

const trustedBeside = (model, target) => model.members.filter(({ level, node_id }) => level !== 'member' && node_id !== target);

/** How many it takes, with this node: as many as the policy says, or as there are; about the founder never fewer. */
const neededAbout = ({ node }, target, policy, others) => (target === node.community_id ? policy : Math.min(policy, others.length));

export function openRevocation(ui, member, reason = 'other') {
  const { model, t } = ui;
  const name = nameOf(member);
  const id = shortId(member);
  const plain = (text) => text.replace(/^ed25519:|[^a-z2-7]/gi, '').toUpperCase();
  const others = trustedBeside(model, member.node_id);
  const needed = neededAbout(model, member.node_id, model.node.policy.min_signatures_to_revoke, others);
  openDialog({ title: t('revoke.title', { name }), t, forgets: true }, (close) => {
    const reasons = select(REASONS.map((value) => [value, t(`revoke.reason.${value}`)]), reason);
    const typed = element('input', { autocomplete: 'off', spellcheck: 'false' });
    const more = element('div');
    let agreements = null;
    const draw = () => {
      agreements = createAgreements(ui, { target: member.node_id, what: 'reason', value: reasons.value }, needed, others);
      more.replaceChildren(...[agreements.view].flat(Infinity).filter(Boolean));
    };
    const { form, send } = createForm({
      action: t('revoke.action', { name }), danger: true, t, place: 'revoke',
      submit: async () => { await model.revoke(member.node_id, reasons.value, agreements.read()); close(); },
    },
    element('ul', { class: 'consequences' }, ['out', 'kept', 'forever'].map((key) => element('li', {}, t(`revoke.${key}`, { name })))),
    labelled(t('revoke.reason'), reasons), more,
    labelled(t('revoke.confirm', { id }), typed, member.namesake && t(`namesake.${member.namesake}`)));
    reasons.onchange = draw;
    form.oninput = () => { send.disabled = !agreements.possible || plain(typed.value) !== plain(id); };
    draw();
    form.oninput();
    return [form];
  });
}

export function openLevel(ui, member, level) {
  const { model, t } = ui;
  const name = nameOf(member);
  const others = trustedBeside(model, member.node_id);
  const isPromotion = LEVELS.indexOf(level) > LEVELS.indexOf(member.level);
  const needed = isPromotion ? 1 : neededAbout(model, member.node_id, model.node.policy.min_signatures_to_demote, others);
  openDialog({ title: t(`standing.title.${level}`, { name }), t }, (close) => {
    const agreements = createAgreements(ui, { target: member.node_id, what: 'level', value: level }, needed, others);
    const { form, send } = createForm({
      action: t(`standing.make.${level}`), t, place: 'level',
      submit: async () => { await model.setLevel(member.node_id, level, agreements.read()); close(); },
    }, hint(t(`standing.means.${level}`, { name })), agreements.view);
    send.disabled = !agreements.possible;
    return [form];
  });
}

/** Somebody asks: `request` as it stood in a message of `from`, or one that is entered here. */
export function openAgreeing(ui, request = null, from = null) {
  const { model, t } = ui;
  openDialog({ title: t('agree.title'), t }, (close) => {
    const body = element('div');

    function enter() {
      const text = codeField(3, { required: true });
      const submit = async () => {
        const found = requestIn(text.value);
        if (!found) throw { code: 'no_request' };
        body.replaceChildren(decide(found));
      };
      return createForm({ action: t('agree.look'), submit, t, place: 'agree' }, hint(t('agree.hint')), labelled(t('agree.text'), text)).form;
    }

    function decide(found) {
      const { target, what, value } = found;
      const member = model.members?.find(({ node_id }) => node_id === target) ?? model.byPeer.get(target);
      const name = member ? nameOf(member) : target;
      const submit = async () => {
        const { text } = await model.agree(found);
        if (from) {
          await model.send(from, `${write(found)}\n${text}`);
          close();
        } else {
          body.replaceChildren(hint(t('agree.done')), element('code', { class: 'code' }, text));
        }
      };
      return createForm({ action: t(from ? 'agree.answer' : 'agree.agree', { name: from && nameIn(model, from) }), danger: what === 'reason', submit, t, place: 'agree' },
        element('p', {}, t(`agree.${what}.${value}`, { name, reason: what === 'reason' ? t(`revoke.reason.${value}`) : '' })),
        hint(t('agree.id', { id: member ? shortId(member) : target }))).form;
    }

    body.append(request ? decide(request) : enter());
    return [body];
  });
}

/** The buttons below a message that asks, or that agrees. */
export function createStandingButtons(ui, message) {
  const { model, t } = ui;
  const request = message.from !== model.self && requestIn(message.body);
  if (!request || model.node.level === 'member') return null;
  const agreements = agreementsIn(message.body);
  if (agreements.length === 0) return button(t('agree.see'), () => openAgreeing(ui, request, message.from));
  return button(t('agree.use'), async () => {
    const key = write(request);
    const line = message.body.slice(message.body.indexOf(key) + key.length).trim();
    if (!collected.get(key)?.includes(line)) collected.set(key, [collected.get(key), line].filter(Boolean).join('\n'));
    await model.loadMembers();
    const member = model.members.find(({ node_id }) => node_id === request.target);
    if (!member) return;
    if (request.what === 'reason') openRevocation(ui, member, request.value);
    else openLevel(ui, member, request.value);
  });
}
