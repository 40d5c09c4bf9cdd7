// The node's REST interface (openapi.yaml).

export class ApiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError('partition', 'Your node does not answer. Is it running?');
  }
  const answer = await response.json();
  if (!response.ok) throw new ApiError(answer.error, answer.message);
  return answer.output;
}

const query = (parameters) => new URLSearchParams(
  Object.entries(parameters).filter(([, value]) => value !== undefined)).toString();

export const api = {
  node: () => call('GET', '/api/v1/node'),
  members: () => call('GET', '/api/v1/members').then((output) => output.members),
  conversations: () => call('GET', '/api/v1/chat/conversations').then((output) => output.conversations),
  history: (parameters) => call('GET', `/api/v1/chat/history?${query(parameters)}`),
  send: (message) => call('POST', '/api/v1/chat/send', message),
  read: (peer, event_id) => call('POST', '/api/v1/chat/read', { peer, event_id }),
  createCommunity: (name) => call('POST', '/api/v1/community', { name }),
  join: (invite) => call('POST', '/api/v1/community/join', { invite }),
  invite: (invitation) => call('POST', '/api/v1/invites', invitation),
};
