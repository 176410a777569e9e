// What every page begins with: its theme, and what it says when its script fails.

function startTheme(redraw) {
  const names = ["system", "light", "dark"], button = byId("theme"), dark = matchMedia("(prefers-color-scheme: dark)");
  let choice = "system";
  try {
    choice = localStorage.getItem("sonde-theme") || "system";
  } catch {
    // A browser may keep no storage for a file; the choice then lasts as long as the page.
  }
  const apply = (isPrinting = false) => {
    const shown = isPrinting ? "light" : choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.theme = shown;
    button.textContent = `Theme: ${choice}`;
    redraw();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    choice = names[(names.indexOf(choice) + 1) % names.length];
    try {
      localStorage.setItem("sonde-theme", choice);
    } catch {
      // As above.
    }
    apply();
  });
  dark.addEventListener("change", () => apply());
  addEventListener("beforeprint", () => apply(true));
  addEventListener("afterprint", () => apply());
  apply();
}

function confess(error) {
  document.documentElement.dataset.error = String(error?.message || error);
  byId("trouble").textContent = `The charts could not be drawn: ${document.documentElement.dataset.error}.`;
  byId("trouble").hidden = false;
}

addEventListener("error", (event) => confess(event.error || event.message));

// Run `draw`; the document then says whether it got to the end.
async function start(draw) {
  try {
    await draw();
    document.documentElement.dataset.ready = "1";
  } catch (error) {
    confess(error);
  }
}
