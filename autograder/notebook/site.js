// Wakes the forms of the learning pieces: answers stay in this browser, and the first one counts.
// Without this script every form is readable and its answers stand in a <details>.
(() => {
  "use strict";
  const memory = {};
  const store = {
    get(key) {
      try { return localStorage.getItem("fortnight:" + key) ?? memory[key] ?? null; } catch { return memory[key] ?? null; }
    },
    set(key, value) {
      memory[key] = value;
      try { localStorage.setItem("fortnight:" + key, value); } catch { /* a private window: kept until the page is left */ }
    },
  };

  const radios = (form) => [...form.querySelectorAll("input[type=radio]")];
  const choiceText = (form, letter) => radios(form).find((radio) => radio.value === letter)?.parentElement.textContent.trim();

  function given(form) {
    const text = form.querySelector("textarea");
    return text ? text.value.trim() : radios(form).find((radio) => radio.checked)?.value ?? "";
  }

  function fill(form, answer) {
    const text = form.querySelector("textarea");
    if (text) text.value = answer;
    for (const radio of radios(form)) radio.checked = radio.value === answer;
  }

  function say(form, ...nodes) {
    form.querySelector("[role=status]").replaceChildren(...nodes);
  }

  function paragraph(text) {
    const made = document.createElement("p");
    made.textContent = text;
    return made;
  }

  function reply(form, answer, first) {
    const item = form.querySelector(`li[data-letter="${CSS.escape(answer)}"]`);
    const nodes = item ? [...item.cloneNode(true).childNodes] : [];
    if (first !== answer) nodes.push(paragraph(`Your first answer counts: ${first}.`));
    say(form, ...nodes);
  }

  function tellOutcomes(id, words) {
    for (const card of document.querySelectorAll(`[data-outcome="${CSS.escape(id)}"]`)) {
      const last = card.querySelector("p:last-of-type");
      if (last) last.textContent = `You predicted: ${words}`;
    }
  }

  function keep(form, key, answer) {
    if (form.dataset.kind === "written" || store.get(key) === null) store.set(key, answer);
  }

  function show(form, answer) {
    const { kind, key } = form.dataset;
    const first = store.get(key);
    const answers = form.querySelector(".fortnight-answers");
    if (kind === "quiz") reply(form, answer, first);
    if (kind === "written") { answers.hidden = false; say(form, paragraph("Kept in this browser. Read it against the rubric.")); }
    if (kind === "predict") {
      const words = choiceText(form, first) ?? first;
      fill(form, first);
      say(form, paragraph(answer === first ? `Kept: ${words}` : `Your first answer counts: ${words}`));
      tellOutcomes(key.replace(/^predict-/, ""), words);
    }
    return answers;
  }

  function wake(form) {
    const answers = form.querySelector(".fortnight-answers");
    if (answers) answers.hidden = true;
    form.querySelector("button").hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = given(form);
      if (!answer) { say(form, paragraph("Answer first.")); return; }
      keep(form, form.dataset.key, answer);
      const opened = show(form, answer);
      if (opened && form.dataset.kind === "written") opened.open = true;
    });
    const before = store.get(form.dataset.key);
    if (before !== null) { fill(form, before); show(form, before); }
  }

  document.querySelectorAll("form.fortnight-piece").forEach(wake);
})();
