"use strict";

const contents = JSON.parse(document.getElementById("contents").textContent);
({ run: showRun, index: showIndex, data: showData })[document.body.dataset.page](contents);
