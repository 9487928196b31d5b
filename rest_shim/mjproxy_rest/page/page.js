// RapiDoc has a light and a dark theme, and leaves it to the page to choose the one that the reader prefers.
const dark = matchMedia("(prefers-color-scheme: dark)");

function choose() {
  document.querySelector("rapi-doc").setAttribute("theme", dark.matches ? "dark" : "light");
}

dark.addEventListener("change", choose);
choose();
