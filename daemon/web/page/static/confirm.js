// Ask before something is done that cannot be undone.
import { element } from "./element.js";
import { text } from "./text.js";

// Show a question; return true if the user agrees. Escape and Cancel mean no.
export function confirmed(question, deed) {
  return new Promise((resolve) => {
    const dialog = element("dialog", { "aria-label": question });
    const answer = (value) => element("button", { type: "button", onclick: () => dialog.close(value) }, value ? deed : text("cancel"));
    dialog.append(element("p", {}, question), element("p", { class: "buttons" }, answer(""), answer("yes")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
