// Pictures of a real Home Assistant for the documentation: a job as JSON on standard input.
// {url, tokens, folder,
//  shots: [{name, path, width, height, dark, heading, wait, clicks: [text, …]}]}
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.NODE_MODULES}/`)("playwright-core");
const job = JSON.parse(readFileSync(0, "utf8"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu"],
});
for (const shot of job.shots) {
  const context = await browser.newContext({
    locale: "en-GB",
    timezoneId: "UTC",
    colorScheme: shot.dark ? "dark" : "light",
  });
  await context.addInitScript((tokens) => {
    localStorage.setItem("hassTokens", JSON.stringify(tokens));
    localStorage.setItem("dockedSidebar", '"always_hidden"');
  }, job.tokens);
  const page = await context.newPage();
  await page.setViewportSize({ width: shot.width, height: shot.height });
  await page.goto(job.url + shot.path, { waitUntil: "load" });
  await page.locator("home-assistant-main").waitFor({ state: "attached", timeout: 90000 });
  if (shot.heading) {
    await page.getByRole("heading", { name: shot.heading }).waitFor({ timeout: 60000 });
  }
  await page.waitForTimeout(shot.wait);
  for (const text of shot.clicks ?? []) {
    await page.getByRole("button", { name: text, exact: true }).first().click({ timeout: 10000 });
    await page.waitForTimeout(2500);
  }
  await page.screenshot({ path: `${job.folder}/${shot.name}.png` });
  console.log(shot.name);
  await context.close();
}
await browser.close();
