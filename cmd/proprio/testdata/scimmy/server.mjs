// A downstream app for the tests: scimmy-routers over maps in memory. It prints the address it listens on, and ends
// when its standard input closes, so that a test that dies leaves nothing behind.
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const token = process.env.SCIM_TOKEN;

function store(kind, key) {
  const rows = new Map();
  let next = 0;
  return {
    ingress(resource, instance) {
      const id = resource.id ?? `${kind}-${String(++next).padStart(5, "0")}`;
      if (resource.id !== undefined && !rows.has(id)) {
        throw new SCIMMY.Types.Error(404, null, `${kind} ${id} not found`);
      }
      for (const [other, row] of rows) {
        if (other !== id && row[key].toLowerCase() === String(instance[key]).toLowerCase()) {
          throw new SCIMMY.Types.Error(409, "uniqueness", `${key} is taken`);
        }
      }
      const now = new Date();
      const created = rows.get(id)?.meta.created ?? now;
      const row = JSON.parse(JSON.stringify({ ...instance, id }));
      row.meta = { created, lastModified: now };
      rows.set(id, row);
      return structuredClone(row);
    },
    egress(resource) {
      if (resource.id !== undefined) {
        if (!rows.has(resource.id)) {
          throw new SCIMMY.Types.Error(404, null, `${kind} ${resource.id} not found`);
        }
        return structuredClone(rows.get(resource.id));
      }
      const all = [...rows.values()].map((row) => structuredClone(row));
      return resource.filter ? resource.filter.match(all) : all;
    },
    degress(resource) {
      if (!rows.delete(resource.id)) {
        throw new SCIMMY.Types.Error(404, null, `${kind} ${resource.id} not found`);
      }
    },
  };
}

const users = store("user", "userName");
const groups = store("group", "displayName");
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);
SCIMMY.Resources.declare(SCIMMY.Resources.User).ingress(users.ingress).egress(users.egress).degress(users.degress);
SCIMMY.Resources.declare(SCIMMY.Resources.Group).ingress(groups.ingress).egress(groups.egress).degress(groups.degress);

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  handler(request) {
    if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("unknown bearer token");
    return "proprio";
  },
}));
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
