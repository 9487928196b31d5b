// Drives the npm package `midjourney`, as published, against a Discord that is named by options alone.
//
// Arguments: the folder into which the package was installed, and the options of its constructor as JSON.
// Prints one line of JSON for each step: {"step": NAME, "result": what the package returned, "progress": [...]}.

const { createRequire } = require("node:module");

const [folder, options] = process.argv.slice(2);
const { Midjourney } = createRequire(`${folder}/`)("midjourney");
const client = new Midjourney(JSON.parse(options));

async function step(name, action) {
  const progress = [];
  const result = await action((uri, percent) => progress.push({ uri, percent }));
  console.log(JSON.stringify({ step: name, result, progress }));
  return result;
}

// What the package wants to know of a message whose button is pressed.
const about = ({ id, hash, flags, content }) => ({ msgId: id, hash, flags, content });

async function main() {
  await client.init();
  await step("settings", () => client.Settings());
  await step("info", () => client.Info());
  const grid = await step("imagine", (loading) => client.Imagine("a red fox in the snow", loading));
  const single = await step("upscale", (loading) => client.Upscale({ index: 2, ...about(grid), loading }));
  await step("variation", (loading) => client.Variation({ index: 3, ...about(grid), loading }));
  await step("reroll", (loading) => client.Reroll({ ...about(grid), loading }));
  const zoom = single.options.find((option) => option.label === "Custom Zoom");
  await step("custom zoom", (loading) =>
    client.Custom({
      msgId: single.id,
      flags: single.flags,
      customId: zoom.custom,
      content: "a red fox in the snow --zoom 2",
      loading,
    }),
  );
  await step("describe", () => client.Describe(grid.uri));
  await step("shorten", () => client.Shorten("a very beautiful, really quite red fox, sitting in the deep white snow"));
  client.Close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
