// What is wrong with the controls of the page as it stands: too small to be hit, or without a name.
() => {
  const LEAST_PX = 24;
  const CONTROLS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab], " +
    "[role=menuitem], [role=radio], [role=checkbox], [role=switch], [role=slider], [role=option]";

  const shown = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return (
      width > 0 &&
      height > 0 &&
      getComputedStyle(element).visibility === "visible" &&
      !element.disabled
    );
  };
  // A label is part of what can be hit; a link amid a sentence is as high as its line (WCAG 2.2, 2.5.8: inline).
  const amidText = (element) =>
    element.matches("a") && getComputedStyle(element).display === "inline";
  const target = (element) => {
    const own = element.getBoundingClientRect();
    const box = {
      left: own.left,
      top: own.top,
      right: own.right,
      bottom: own.bottom,
    };
    for (const label of element.labels ?? []) {
      const more = label.getBoundingClientRect();
      const near =
        more.left <= box.right + LEAST_PX && more.right >= box.left - LEAST_PX;
      if (
        more.width === 0 ||
        !near ||
        more.top > box.bottom + 8 ||
        more.bottom < box.top - 8
      )
        continue;
      box.left = Math.min(box.left, more.left);
      box.top = Math.min(box.top, more.top);
      box.right = Math.max(box.right, more.right);
      box.bottom = Math.max(box.bottom, more.bottom);
    }
    return box;
  };
  const text = (element) => element?.textContent?.trim() ?? "";
  const nameOf = (element) =>
    (element.getAttribute("aria-label") ?? "").trim() ||
    (element.getAttribute("aria-labelledby") ?? "")
      .split(/\s+/u)
      .map((id) => text(document.getElementById(id)))
      .join(" ")
      .trim() ||
    Array.from(element.labels ?? [], text)
      .join(" ")
      .trim() ||
    text(element) ||
    (element.getAttribute("title") ?? "").trim();
  const called = (element) =>
    `${element.tagName.toLowerCase()}.${String(element.className).split(/\s+/u).slice(-1)[0]} "${nameOf(element).slice(0, 40)}"`;

  // Where the remote keyboard's text arrives: nobody points at it.
  const typedInto = (element) => element.matches(".keyboard-field");
  const controls = [...document.querySelectorAll(CONTROLS)].filter(
    (one) => shown(one) && !amidText(one) && !typedInto(one),
  );
  const wrong = [];
  for (const element of controls) {
    const box = target(element);
    const [width, height] = [box.right - box.left, box.bottom - box.top];
    if (width < LEAST_PX - 0.01 || height < LEAST_PX - 0.01)
      wrong.push(
        `${called(element)} is ${width.toFixed(0)}x${height.toFixed(0)}`,
      );
    if (nameOf(element) === "" && !element.closest("[aria-hidden=true]"))
      wrong.push(`${called(element)} has no name`);
  }
  const beyond =
    document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (beyond > 0) wrong.push(`the page is ${beyond} px wider than the window`);
  return wrong;
};
