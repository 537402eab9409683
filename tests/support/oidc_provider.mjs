// The certified OpenID provider of npm on loopback, with one client and whoever signs in there.
//
// node oidc_provider.mjs VIEWER_FOLDER CALLBACK: prints its issuer, and runs until its standard input ends.
import { createServer } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [viewer, callback] = process.argv.slice(2);
const library = resolve(viewer, "node_modules", "oidc-provider", "lib", "index.js");
const { default: Provider } = await import(pathToFileURL(library).href);

const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "relevo",
      client_secret: "a secret: with / signs",
      redirect_uris: [callback],
    },
    { client_id: "public", redirect_uris: [callback], token_endpoint_auth_method: "none" },
  ],
  claims: {
    email: ["email", "email_verified"],
    profile: ["name", "preferred_username"],
  },
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  async findAccount(_context, id) {
    return {
      accountId: id,
      async claims() {
        return {
          sub: id,
          email: `${id}@example.org`,
          email_verified: !id.startsWith("unverified"),
          name: `Persona ${id}`,
          preferred_username: id,
        };
      },
    };
  },
});
server.on("request", provider.callback());
process.stdin.on("end", () => process.exit(0)).resume();
console.log(issuer);
