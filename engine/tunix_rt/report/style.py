"""The style sheet of the report: one column, two themes, from 320 px upwards and on paper.

It does not know the page's content beyond its class names. Colours follow the reader's theme; right and wrong, base and
tuned differ in shape and sign as well.
"""

STYLE = """
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--ink:#16191d;--soft:#57606c;--rule:#dde1e7;--grid:#e9ecf0;
--tuned:#0a5fc4;--tuned-soft:#dbe9fb;--shot:#b4560a;--base:#68727f;--right:#136c34;--right-soft:#e3f4e8;
--wrong:#b42318;
--wrong-soft:#fdeae8;--code:#f0f2f5;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
--mono:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{--page:#0e1116;--card:#161a21;--ink:#e7eaee;--soft:#9ba5b1;--rule:#2b323c;
--grid:#222831;--tuned:#63acff;--tuned-soft:#15304f;--shot:#f0a252;--base:#9aa5b3;--right:#56cc7c;
--right-soft:#12301d;
--wrong:#ff8478;--wrong-soft:#3a1a18;--code:#1e242c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.55 var(--sans);overflow-wrap:anywhere}
main,header,footer{max-width:66rem;margin:0 auto;padding:0 1.25rem}
h1,h2,h3,p,figure,ul,ol,dl,dd,pre{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:1.05rem;font-weight:600;letter-spacing:.01em}
h2{font-size:1.3rem;line-height:1.25;font-weight:650;letter-spacing:-.01em}
h3{font-size:1rem;font-weight:650}
a{color:var(--tuned);text-underline-offset:.18em}
:focus-visible{outline:3px solid var(--tuned);outline-offset:2px;border-radius:3px}
code,pre,.mono{font-family:var(--mono);font-size:.86em}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.num{font-variant-numeric:tabular-nums}
header{padding-top:1.75rem}
.facts{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;color:var(--soft);font-size:.875rem;margin-top:.2rem}
.claim{font-size:clamp(1.35rem,1rem + 1.9vw,2.05rem);line-height:1.28;font-weight:600;letter-spacing:-.018em;
margin:1.4rem 0 .7rem;max-width:34em;text-wrap:pretty}
.claim b{font-weight:inherit;color:var(--tuned)}
.claim i{font-style:normal;color:var(--shot)}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:.9rem 0 .2rem;font-size:.9rem}
section{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:1.5rem;margin:1.1rem 0;
scroll-margin-top:1rem}
section>h2+p{margin-top:.35rem}
section>p{max-width:46em}
.gap{margin-top:1.25rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(8.5rem,100%),1fr));gap:1.1rem 1.5rem;
margin:1.1rem 0 1.2rem;padding:1.1rem 0;border-block:1px solid var(--rule)}
.tiles dt{font-size:.8rem;color:var(--soft)}
.tiles dd{font-size:1.5rem;font-weight:650;letter-spacing:-.015em;font-variant-numeric:tabular-nums;line-height:1.25}
.fine{grid-template-columns:repeat(auto-fit,minmax(min(8rem,100%),1fr))}.fine dd{font-size:1.15rem}
.tiles dd small{display:block;font-size:.8rem;font-weight:400;letter-spacing:0;color:var(--soft)}
.rows{display:grid;gap:0;margin-top:1rem}
.row{display:grid;grid-template-columns:minmax(10rem,15rem) 1fr minmax(7.5rem,auto);gap:0 1rem;align-items:center;
min-height:2.1rem}
.row>.value{text-align:right;font-variant-numeric:tabular-nums;font-size:.9rem;white-space:nowrap}
.row.group{min-height:0;padding-top:.9rem}
.row.group h3{grid-column:1/-1}
.row.hot{background:var(--tuned-soft);border-radius:6px;margin-inline:-.5rem;padding-inline:.5rem}
.track{position:relative;height:1.9rem;padding:0 .6rem}
.lane{position:relative;height:100%;background:repeating-linear-gradient(90deg,var(--rule) 0 1px,transparent 1px 25%);
box-shadow:1px 0 0 var(--rule)}
.whisker{position:absolute;top:50%;height:3px;margin-top:-1.5px;border-radius:2px;background:currentColor;opacity:.55}
.mark{position:absolute;top:50%;width:13px;height:13px;margin:-6.5px 0 0 -6.5px;background:currentColor;
border:2px solid var(--card);box-sizing:content-box;margin:-8.5px 0 0 -8.5px}
.tuned{color:var(--tuned)}.sft{color:var(--soft)}.base_few_shot{color:var(--shot)}.base_contract{color:var(--base)}
.mark.tuned{border-radius:50%}.mark.sft{border-radius:50%;transform:scale(.7)}
.mark.base_few_shot{transform:rotate(45deg) scale(.84)}
.mark.base_contract{border-radius:2px;transform:scale(.86)}
.mark.inline{position:relative;display:inline-block;top:auto;left:auto;margin:0 .45rem -1px .1rem;border:0;
width:11px;height:11px}
.axis{height:1.3rem;padding:0 .6rem;font-size:.75rem;color:var(--soft);position:relative}
.axis .lane{background:none;box-shadow:none}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.level{letter-spacing:.08em;color:var(--soft);font-size:.7rem;white-space:nowrap}
.pair .row:not(.scale)+.row:not(.scale){border-top:1px solid var(--grid)}.pair .track{height:2.5rem}.value .n{
display:inline-block;min-width:3.2rem}
.pair .whisker,.pair .mark{top:30%}.pair .whisker.tuned,.pair .mark.tuned{top:70%}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.875rem;color:var(--soft)}
.scroll{overflow-x:auto;margin-top:1rem}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.42rem .65rem;text-align:right;border-bottom:1px solid var(--rule);vertical-align:baseline;
overflow-wrap:normal}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{font-weight:600;color:var(--soft);font-size:.8rem}
tbody th{font-weight:500}
th small{display:block;font-weight:400;font-size:.76rem}
.facts-table td{text-align:left}.facts-table th{width:12rem;font-weight:400;color:var(--soft)}
td small{display:block;color:var(--soft);font-size:.76rem;white-space:nowrap}
details{margin-top:.9rem}
summary{cursor:pointer;color:var(--soft);font-size:.875rem;padding:.2rem 0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:1.6rem 2.2rem;
margin-top:1.2rem}
.charts.of-2{grid-template-columns:2fr 1fr}.charts.of-1 .wide{grid-column:1/-1}
.chart figcaption{display:flex;flex-wrap:wrap;gap:.1rem 1rem;justify-content:space-between;font-size:.875rem;
margin-bottom:.75rem}
.plot{display:grid;grid-template-columns:3.1rem 1fr;grid-template-rows:12.5rem 1.4rem}
.of-1 .wide .plot{grid-template-rows:15rem 1.4rem}
.plot .y,.plot .x{position:relative;font-size:.75rem;color:var(--soft);font-variant-numeric:tabular-nums}
.plot .y span{position:absolute;right:.5rem;transform:translateY(-50%)}
.plot .x{grid-column:2}
.plot .x span{position:absolute;transform:translateX(-50%);top:.2rem}
.plot .x span:first-child{transform:none}
.canvas svg{width:100%;height:100%;display:block;overflow:visible}
.x-label{font-size:.75rem;color:var(--soft);text-align:right}
svg *{vector-effect:non-scaling-stroke;fill:none}
.grid{stroke:var(--grid);stroke-width:1}
.line{stroke:var(--tuned);stroke-width:2;stroke-linejoin:round}
.line.ghost{stroke-width:1;opacity:.32}
.line.dots{stroke:var(--shot);stroke-width:1.5;stroke-dasharray:5 4}
.line.thin{stroke-width:1.75}
.spots{stroke:var(--shot);stroke-width:8;stroke-linecap:round}
.band{fill:var(--shot);opacity:.16}
.key{display:inline-block;width:1.4rem;height:0;border-top:2.5px solid var(--tuned);margin:0 .4rem .25rem 0}
.key.ghost{opacity:.4;border-top-width:1px}
.key.dots{border-top:2px dashed var(--shot)}
.pairs{display:grid;gap:1.1rem;margin-top:1.1rem}
article{border:1px solid var(--rule);border-radius:10px;overflow:hidden}
article>header{max-width:none;margin:0;padding:.9rem 1.1rem;background:var(--code);
border-bottom:1px solid var(--rule)}
article .said{white-space:pre-wrap;unicode-bidi:isolate;margin-top:.3rem}
.tag{display:inline-block;font-size:.75rem;font-weight:600;border:1px solid currentColor;border-radius:99px;
padding:0 .6rem;
line-height:1.5rem;margin-right:.6rem}
.tag.gained,.tag.both-right{color:var(--right)}.tag.lost,.tag.both-wrong{color:var(--wrong)}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr))}
.side{padding:.9rem 1.1rem 1rem;min-width:0}
.side+.side{border-left:1px solid var(--rule)}
.side h4{margin:0;font-size:.8rem;font-weight:600;color:var(--soft)}
.steps{margin:.55rem 0 .7rem;display:grid;gap:.28rem;font-size:.92rem}
.steps li{display:grid;grid-template-columns:1.35rem 1fr;gap:0 .35rem;white-space:pre-wrap;unicode-bidi:isolate;
padding:.12rem .4rem;border-radius:5px}
.steps .sign{font-weight:700;text-align:center}
.steps .right{background:var(--right-soft)}.steps .right .sign{color:var(--right)}
.steps .wrong{background:var(--wrong-soft)}.steps .wrong .sign{color:var(--wrong)}
.steps .none .sign{color:var(--soft)}
.steps em{font-style:normal;font-weight:600;color:var(--wrong);display:block}
.answer{display:grid;grid-template-columns:1.35rem 1fr;gap:0 .35rem;padding:.45rem .4rem;
border-top:1px dashed var(--rule)}
.answer .sign{font-weight:700;text-align:center}
.answer.right .sign{color:var(--right)}.answer.wrong .sign{color:var(--wrong)}
.answer b{font-weight:650;white-space:pre-wrap;unicode-bidi:isolate}
.side details{margin-top:.35rem}
.answer small{display:block;color:var(--soft);font-size:.82rem}
pre{white-space:pre-wrap;background:var(--code);border-radius:8px;padding:.8rem 1rem;unicode-bidi:isolate;
line-height:1.5}
.raw{max-height:24rem;overflow:auto;margin-top:.4rem}
.mask{font-family:var(--mono);font-size:.84rem;line-height:1.95;white-space:pre-wrap;margin-top:.6rem;
unicode-bidi:isolate}
.mask span{padding:.1rem 0;border-right:1px solid var(--card)}
.mask .ignored{color:var(--soft);background:var(--code)}
.mask .trained{background:var(--tuned-soft);border-bottom:2px solid var(--tuned)}
.swatch{padding:.05rem .45rem;font-family:var(--mono);font-size:.8rem}
.swatch.ignored{background:var(--code);color:var(--soft)}
.swatch.trained{background:var(--tuned-soft);border-bottom:2px solid var(--tuned)}
.bars{position:relative;height:1.15rem;background:var(--code);border-radius:4px}
.bars span{position:absolute;left:0;top:0;height:100%;border-radius:4px}
.used{background:var(--tuned);min-width:2px}
.times .row{grid-template-columns:minmax(5rem,8rem) 1fr 11rem}
.planned{border:1.5px solid var(--ink);background:none}
.chain{margin-top:1rem;display:grid;gap:0}
.chain li{position:relative;padding:0 0 1.1rem 1.7rem}
.chain li::before{content:"";position:absolute;left:.35rem;top:.45rem;width:.7rem;height:.7rem;border-radius:50%;
border:2px solid var(--tuned);background:var(--card);z-index:1}
.chain li::after{content:"";position:absolute;left:.78rem;top:.8rem;bottom:-.45rem;width:2px;background:var(--rule)}
.chain li:last-child::after{display:none}
.chain code{color:var(--soft)}
.missing{border-left:3px solid var(--rule);padding:.2rem 0 .2rem .9rem;color:var(--soft);margin-top:.8rem}
.limits{margin-top:.8rem;display:grid;gap:.35rem;max-width:46em}
.limits li{padding-left:1.1rem;position:relative}
.limits li::before{content:"–";position:absolute;left:0;color:var(--soft)}
.commands{display:grid;gap:.9rem;margin-top:.9rem}
.commands p{font-size:.875rem;color:var(--soft);margin-bottom:.2rem}
footer{padding-block:1rem 3rem;color:var(--soft);font-size:.82rem}
@media (max-width:54rem){.charts.of-2{grid-template-columns:1fr}}
@media (max-width:46rem){main,header,footer{padding-inline:.8rem}section{padding:1.1rem .95rem;border-radius:10px}
.row{grid-template-columns:1fr auto;padding:.3rem 0}.row>.track,.row>.bars{grid-column:1/-1;grid-row:2}
.times .row{grid-template-columns:1fr auto}.row.scale>.axis{grid-column:1/-1}.row.scale>.empty{display:none}
.side+.side{border-left:0;border-top:1px solid var(--rule)}}
@media print{body{background:none}section,article{break-inside:avoid-page;border-color:#bbb}nav{display:none}}
"""
