import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectGoodLooks } from "./testing/shots.ts";
import { useVisitor } from "./testing/visitor.ts";

const visitor = useVisitor();

describe("the booking form", () => {
  beforeEach(() => visitor.open("/web-tools/form"));
  afterEach(() => expect(visitor.complaints).toEqual([]));

  const fillIn = async (): Promise<void> => {
    await visitor.page.type("#name", "Ada Lovelace");
    await visitor.page.type("#email", "ada@example.com");
    await visitor.page.type("#phone", "+44 20 7946 0000");
    await visitor.page.type("#notes", "A quiet corner, please");
  };
  const slots = (): Promise<unknown> =>
    visitor.page.evaluate(
      `[...document.querySelectorAll("#availability li")].map((e) => [e.dataset.time, Number(e.dataset.seats)])`,
    );
  const options = (): Promise<unknown> =>
    visitor.page.evaluate(
      `[...document.querySelectorAll("#time option")].slice(1).map((e) => [e.value, e.disabled, e.textContent])`,
    );
  const roomyTime = (): Promise<unknown> =>
    visitor.page.evaluate(`document.querySelector('#availability li:not([data-seats="0"])').dataset.time`);

  it("shows what is free before anything is entered, and offers nothing that is sold out", async () => {
    const shown = await slots();
    if (!Array.isArray(shown)) throw new Error("no slots");
    expect(shown).toHaveLength(9);
    expect(shown.filter(([, seats]) => seats === 0)).toHaveLength(2);
    const expected = shown.map(([time, seats]) => [
      time,
      seats === 0,
      seats === 0 ? `${time}, sold out` : `${time}, ${seats} seats left`,
    ]);
    expect(await options()).toEqual(expected);
    expect(await visitor.nameless()).toEqual([]);
    await expectGoodLooks(visitor.page, "form");
  });

  it("confirms a booking with a code that is there to read and to find", async () => {
    await fillIn();
    const time = String(await roomyTime());
    await visitor.page.select("#time", time);
    await visitor.page.click("#submit");
    await visitor.untilVisible("#confirmation");
    const code = await visitor.page.$eval("#confirmation", (element) =>
      element.getAttribute("data-confirmation-code"),
    );
    expect(code).toMatch(/^[A-HJ-NP-Z2-9]{6}$/);
    expect(await visitor.text("#confirmation-code")).toBe(code);
    expect(await visitor.text("#confirmation-summary")).toMatch(
      new RegExp(`^Ada Lovelace, we expect 2 people on \\w+, \\w+ \\d+ at ${time}\\.$`),
    );
    expect(await visitor.focused()).toBe("confirmation");
    expect(await visitor.isVisible("#booking-form")).toBe(false);
    expect(visitor.page.url()).toBe(`${visitor.agent.url}/web-tools/form`);
    await expectGoodLooks(visitor.page, "form-confirmed");

    await visitor.page.click("#again");
    await visitor.untilVisible("#booking-form");
    expect(await visitor.value("#name")).toBe("");
    expect(await visitor.page.$("[data-confirmation-code]")).toBeNull();
  });

  it("says what is missing, goes to the first mistake, and takes the complaint back at once", async () => {
    await visitor.page.click("#submit");
    expect(await visitor.text("#form-status")).toBe("Please check 4 fields below.");
    expect(await visitor.text("#name-error")).toBe("Please tell us your name.");
    expect(await visitor.text("#time-error")).toBe("Please choose a time.");
    expect(await visitor.focused()).toBe("name");
    expect(await visitor.page.$$eval("[aria-invalid=true]", (fields) => fields.map(({ id }) => id))).toEqual([
      "name",
      "email",
      "phone",
      "time",
    ]);
    await expectGoodLooks(visitor.page, "form-mistakes");
    await visitor.page.type("#name", "A");
    expect(await visitor.text("#name-error")).toBe("");
    expect(await visitor.isVisible("#confirmation")).toBe(false);
  });

  it.each([
    ["#email", "ada@", "email address"],
    ["#phone", "12", "phone number"],
    ["#party-size", "9", "between 1 and 8"],
    ["#party-size", "1.5", "between 1 and 8"],
  ])("does not take %s %s", async (field, entry, complaint) => {
    await fillIn();
    await visitor.page.select("#time", String(await roomyTime()));
    await visitor.page.$eval(field, (element) => element.setAttribute("value", ""));
    await visitor.page.click(field, { count: 3 });
    await visitor.page.type(field, entry);
    await visitor.page.click("#submit");
    expect(await visitor.text(`${field}-error`)).toContain(complaint);
    expect(await visitor.isVisible("#confirmation")).toBe(false);
  });

  it("does not seat more people than a time has seats, nor on a day that is not offered", async () => {
    await fillIn();
    const set = (id: string, to: string): Promise<unknown> =>
      visitor.page.evaluate(
        `{const f = document.getElementById("${id}"); f.value = "${to}"; f.dispatchEvent(new Event("input", {bubbles: true}))}`,
      );
    const before = await slots();
    const later = await visitor.page.evaluate(`document.getElementById("date").max`);
    await set("date", String(later));
    expect(await slots()).not.toEqual(before);
    expect(await visitor.value("#time")).toBe("");

    const tight = await visitor.page.evaluate(
      `[...document.querySelectorAll("#availability li")].find((e) => e.dataset.seats > 0 && e.dataset.seats < 8)?.dataset.time`,
    );
    await visitor.page.select("#time", String(tight));
    await set("party-size", "8");
    await visitor.page.click("#submit");
    expect(await visitor.text("#time-error")).toMatch(/^Only [2-7] seats are left/);
    await set("date", "2020-01-01");
    await visitor.page.click("#submit");
    expect(await visitor.text("#date-error")).toContain("Please choose a date from");
  });
});
