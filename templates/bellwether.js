// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the main part of an open page up to date. Everything works without it.
(function () {
  "use strict";
  var EVERY_MS = 5000;
  var busy = false;
  var shown = Date.now();

  // Somebody who selects text or types should not lose it.
  function isInUse(main) {
    var selection = document.getSelection();
    if (selection && !selection.isCollapsed && main.contains(selection.anchorNode)) return true;
    var chosen = Array.from(main.querySelectorAll("option")).some(function (option) {
      return option.selected !== option.defaultSelected;
    });
    chosen = chosen || Array.from(main.querySelectorAll("input[type=checkbox]")).some(function (box) {
      return box.checked !== box.defaultChecked;
    });
    var active = document.activeElement;
    return chosen || Boolean(active && main.contains(active) && /^(INPUT|SELECT|TEXTAREA)$/.test(active.tagName));
  }

  function remember(main) {
    var open = {};
    main.querySelectorAll("details[id]").forEach(function (one) { open[one.id] = one.open; });
    var active = document.activeElement;
    return { open: open, focus: active && main.contains(active) ? active.id || active.getAttribute("href") : null };
  }

  function restore(main, kept) {
    main.querySelectorAll("details[id]").forEach(function (one) {
      if (one.id in kept.open) one.open = kept.open[one.id];
    });
    if (!kept.focus) return;
    var again = document.getElementById(kept.focus) || Array.from(main.querySelectorAll("a[href]"))
      .find(function (link) { return link.getAttribute("href") === kept.focus; });
    if (again) again.focus({ preventScroll: true });
  }

  function show(text) {
    var page = new DOMParser().parseFromString(text, "text/html");
    var fresh = page.getElementById("main");
    var main = document.getElementById("main");
    if (!fresh || !main || isInUse(main)) return;
    var kept = remember(main);
    document.title = page.title;
    var taken = document.adoptNode(fresh);
    main.replaceWith(taken);
    restore(taken, kept);
  }

  // A page that is dear to make, and seldom another, says how many seconds it holds.
  function isFresh() {
    var main = document.getElementById("main");
    var holds = main ? Number(main.dataset.holds) || 0 : 0;
    return Date.now() - shown < holds * 1000;
  }

  function mark(stale) {
    document.body.classList.toggle("stale", stale);
  }

  function refresh() {
    if (busy || document.hidden || isFresh()) return;
    busy = true;
    fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" })
      .then(function (reply) {
        if (!reply.ok) throw new Error(String(reply.status));
        return reply.text();
      })
      .then(function (text) { show(text); mark(false); shown = Date.now(); })
      .catch(function () { mark(true); })
      .finally(function () { busy = false; });
  }

  setInterval(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", refresh);
})();
