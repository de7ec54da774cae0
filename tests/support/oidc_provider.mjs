// A real OpenID Connect provider for tests. It signs in whom the test names by PUT /account, and asks nobody anything.
// Prints its port once it listens; arguments: the redirect URI, the address to come back to after signing out.
import { createServer } from "node:http";

import Provider from "oidc-provider";

const [redirectUri, afterSignOut] = process.argv.slice(2);
let account = { sub: "nobody" };
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "fractures",
      client_secret: "a-secret-of-the-tests-between-the-two",
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [afterSignOut],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups", "tenant"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, id) => ({ accountId: id, claims: () => account }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
});
const answer = provider.callback();

async function interact(request, response) {
  const { session, params, prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: account.sub } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope("openid profile");
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

async function name(request, response) {
  const body = [];
  for await (const part of request) body.push(part);
  account = JSON.parse(Buffer.concat(body).toString());
  response.end();
}

server.on("request", (request, response) => {
  if (request.method === "PUT" && request.url === "/account") return name(request, response);
  if (request.url.startsWith("/interaction/")) return interact(request, response);
  return answer(request, response);
});
process.stdout.write(`${issuer}\n`);
