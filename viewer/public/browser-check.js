/**
 * Tells the user of an old browser what is missing, instead of a blank page.
 *
 * Plain script of 2009's language: it has to run where the application cannot. It leaves
 * `window.relevoBrowserCheck`, a promise of the list of missing things; the application starts when that is empty.
 */
(function () {
  "use strict";

  var FLOOR = "Chrome / Edge 137, Firefox 130, Safari 17";
  var TEXTS = {
    en: {
      title: "This browser is too old for Relevo",
      why: "Relevo encrypts the session inside your browser, and this browser lacks what that takes.",
      missing: "Missing:",
      remedy: "Update the browser, or open this page in another one. It works from these versions on:",
      insecureTitle: "This page was opened without encryption",
      insecure: "Browsers allow encryption only on pages that were themselves opened securely.",
      insecureRemedy: "Open this page with an address that begins with https://",
    },
    es: {
      title: "Este navegador es demasiado antiguo para Relevo",
      why: "Relevo cifra la sesión dentro del navegador, y a este le falta lo necesario para hacerlo.",
      missing: "Falta:",
      remedy: "Actualice el navegador o abra esta página en otro. Funciona a partir de estas versiones:",
      insecureTitle: "Esta página se abrió sin cifrado",
      insecure: "Los navegadores solo permiten cifrar en páginas que se abrieron de forma segura.",
      insecureRemedy: "Abra esta página con una dirección que empiece por https://",
    },
  };

  function words() {
    var language = String(navigator.language || navigator.userLanguage || "en").toLowerCase();
    var code = language.indexOf("es") === 0 ? "es" : "en";
    document.documentElement.setAttribute("lang", code);
    return TEXTS[code];
  }

  function paragraph(parent, tag, text) {
    var element = document.createElement(tag);
    element.appendChild(document.createTextNode(text));
    parent.appendChild(element);
  }

  function show(missing) {
    var text = words();
    var insecure = window.isSecureContext === false;
    var box = document.createElement("div");
    box.id = "browser-check";
    box.setAttribute("role", "alert");
    box.style.cssText = "max-width:40em;margin:4em auto;padding:0 1.5em;font:16px/1.5 system-ui,sans-serif";
    paragraph(box, "h1", insecure ? text.insecureTitle : text.title);
    paragraph(box, "p", insecure ? text.insecure : text.why);
    paragraph(box, "p", insecure ? text.insecureRemedy : text.remedy + " " + FLOOR + ".");
    paragraph(box, "p", text.missing + " " + missing.join(", ") + ".");
    document.body.insertBefore(box, document.body.firstChild);
  }

  function has(name) {
    return typeof window[name] !== "undefined";
  }

  function missingAtOnce() {
    var missing = [];
    var names = ["Promise", "WebSocket", "Worker", "BigInt", "OffscreenCanvas"];
    for (var i = 0; i < names.length; i += 1) {
      if (!has(names[i])) missing.push(names[i]);
    }
    if (!has("createImageBitmap")) missing.push("createImageBitmap");
    if (!has("DecompressionStream")) missing.push("DecompressionStream");
    if (!has("crypto") || !window.crypto.subtle) missing.push("WebCrypto");
    if (!("noModule" in document.createElement("script"))) missing.push("JavaScript modules");
    return missing;
  }

  function curve(name, usages) {
    return window.crypto.subtle.generateKey({ name: name }, false, usages).then(
      function () {
        return [];
      },
      function () {
        return [name + " (WebCrypto)"];
      }
    );
  }

  function check() {
    var missing = missingAtOnce();
    if (missing.length > 0) {
      show(missing);
      return has("Promise") ? window.Promise.resolve(missing) : undefined;
    }
    var curves = [curve("X25519", ["deriveBits"]), curve("Ed25519", ["sign", "verify"])];
    return window.Promise.all(curves).then(function (lists) {
      var lacking = lists[0].concat(lists[1]);
      if (lacking.length > 0) show(lacking);
      return lacking;
    });
  }

  window.relevoBrowserCheck = check();
})();
