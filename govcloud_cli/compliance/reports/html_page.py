"""The page of `html.render`, as a Jinja2 template."""

from __future__ import annotations

_STYLE = """\
:root { color-scheme: light; --line: #c9ced6; --soft: #f4f6f9; --ink: #1b2330; --quiet: #5a6472; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1.5rem; color: var(--ink); background: #fff;
  font: 15px/1.5 "Noto Sans", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
p { margin: .4rem 0; } .quiet { color: var(--quiet); }
.notice { border-left: .3rem solid #9a6700; background: #fff8e5; padding: .6rem .9rem; margin: 1rem 0; }
.bad { border-left-color: #b42318; background: #fef3f2; }
.verdict { border: 2px solid currentColor; border-radius: .4rem; padding: .6rem .9rem; margin: 1rem 0; }
.verdict p, .verdict dl { color: var(--ink); } .verdict strong { font-size: 1.5rem; }
.passed { color: #05603a; } .denied { color: #a4160f; } .incomplete { color: #7a5200; }
table { width: 100%; border-collapse: separate; border-spacing: 0; margin: .6rem 0; border: 1px solid var(--line);
  border-width: 1px 0 0 1px; }
th, td { border: 1px solid var(--line); border-width: 0 1px 1px 0; padding: .35rem .5rem; text-align: left;
  vertical-align: top; }
th { background: var(--soft); font-weight: 600; } caption { text-align: left; padding: .3rem 0; color: var(--quiet); }
td { overflow-wrap: anywhere; } code { font: .86em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
.tag { display: inline-block; padding: 0 .45rem; border: 1px solid currentColor; border-radius: .6rem;
  font-size: .86em; }
.critical, .not-met, .fail, .error { color: #a4160f; } .high { color: #b8420b; }
.medium, .undecided, .unknown, .waived, .baselined { color: #7a5200; } .low, .partial { color: #175cd3; }
table.wide { table-layout: fixed; min-width: 60rem; } section { overflow-x: auto; }
td code { display: inline-block; max-width: 100%; }
table.controls th:nth-child(1) { width: 9%; }
table.controls th:nth-child(2) { width: 35%; } table.controls th:nth-child(3) { width: 9%; }
table.controls th:nth-child(4) { width: 20%; } table.controls th:nth-child(6) { width: 9%; }
table.found th:nth-child(1), table.found th:nth-child(2) { width: 9%; } table.found th:nth-child(4) { width: 20%; }
.met, .automated { color: #05603a; } .manual, .not-judged { color: var(--quiet); }
ul { margin: 0; padding-left: 1.1rem; } dl.facts { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: .6rem 0; }
dl.facts div { min-width: 8rem; } dt { color: var(--quiet); font-size: .86em; } dd { margin: 0; font-weight: 600; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { max-width: none; padding: 0; font-size: 9.5pt; }
  table, table.wide { min-width: 0; max-width: 100%; } section { overflow: visible; }
  thead { display: table-header-group; }
  tr, .notice { break-inside: avoid; } h2 { break-after: avoid; } a { color: inherit; text-decoration: none; } }
"""

_BODY = """\
{% macro both(text) %}{{ text.en|line }} <span lang="zh-Hans">{{ text.zh|line }}</span>{% endmacro %}
{% macro each(text) %}{{ text.en|line }}<br><span lang="zh-Hans">{{ text.zh|line }}</span>{% endmacro %}
{% macro tag(kind) %}{% set word = kind|words %}
<span class="tag {{ kind.value }}">{{ word[0] }} <span lang="zh-Hans">{{ word[1] }}</span></span>{% endmacro %}
{% macro fact(en, zh, value) %}
<div><dt>{{ en }} <span lang="zh-Hans">{{ zh }}</span></dt><dd>{{ value }}</dd></div>{% endmacro %}
<header>
<h1>Compliance check <span lang="zh-Hans">合规检查报告</span></h1>
<p><bdi>{{ environment|line(200) }}</bdi> · profile <span lang="zh-Hans">规则集</span>
<code>{{ report.profile.value }}</code> · <time>{{ report.today.isoformat() }}</time> UTC · GovCloud {{ version }}</p>
</header>
{% if verdict %}
<section class="verdict {{ verdict.css }}">
<p class="{{ verdict.css }}"><strong>{{ verdict.en }} <span lang="zh-Hans">{{ verdict.zh }}</span></strong></p>
<p>Findings <span lang="zh-Hans">检查发现</span>: {{ verdict.denying }} at or above {{ (threshold|words)[0] }}
<span lang="zh-Hans">（{{ (threshold|words)[1] }}及以上 {{ verdict.denying }} 项）</span></p>
{% if verdict.ended %}
<p>Waivers: {{ verdict.ended }} exception{{ "s" if verdict.ended > 1 }} to renew or remove
<span lang="zh-Hans">（{{ verdict.ended }} 项豁免须续期或移除）</span></p>
{% endif %}
{% if report.unjudged %}
<p>Not everything was judged, so this run calls nothing clean.
<span lang="zh-Hans">部分内容未能判定，不得视为符合。</span></p>
{% endif %}
<dl class="facts">
{% for severity, count in verdict.severities.items() %}
{{ fact((severity|words)[0]|capitalize, (severity|words)[1], count) }}
{% endfor %}
</dl>
</section>
{% endif %}
<p class="notice"><strong>{{ disclaimer.en }}</strong><br><span lang="zh-Hans">{{ disclaimer.zh }}</span></p>
{% if verdict %}
<section>
<h2>Findings <span lang="zh-Hans">检查发现</span></h2>
{% if report.problems %}
<div class="notice bad"><strong>Could not be judged, so nothing here may be called clean.
<span lang="zh-Hans">以下内容未能判定，不得视为符合。</span></strong>
<ul>{% for problem in report.problems %}<li><bdi>{{ problem|line }}</bdi></li>{% endfor %}</ul></div>
{% endif %}
{% if report.results %}
<table class="wide found">
<thead><tr><th>Severity 级别</th><th>Outcome 结果</th><th>Rule 规则</th><th>Resource 资源</th><th>What 问题</th>
<th>Fix 处置</th></tr></thead>
<tbody>
{% for one in report.results %}
{% set policy = one.policy %}
<tr><td>{{ tag(policy.spec.severity) }}</td>
<td>{{ tag(one.outcome) }}{% if one.waiver %}<br><code>{{ one.waiver|line(40) }}</code>{% endif %}</td>
<td><code>{{ policy.metadata.id }}</code><br>{{ each(policy.metadata.title) }}</td>
<td><bdi>{{ one.subject.key|key }}</bdi>{% if one.subject.place %}<br>
<code><bdi>{{ one.subject.place.file|line(300) }}</bdi>
{%- if one.line %}:{{ one.line }}{% endif %}</code>{% endif %}</td>
<td><bdi>{{ one.message|line }}</bdi>{% if one.requested is not none %}<br>
<span class="quiet">Asked to be waived 申请豁免: <bdi>{{ one.requested|line }}</bdi></span>{% endif %}</td>
<td>{{ each(policy.spec.remediation) }}</td></tr>
{% endfor %}
</tbody>
</table>
{% else %}
<p>None. <span lang="zh-Hans">未发现问题。</span></p>
{% endif %}
{% if report.notices %}
<table>
<caption>Waivers that want attention <span lang="zh-Hans">需要处理的豁免</span></caption>
<thead><tr><th>Waiver 豁免</th><th>Rule 规则</th><th>State 状态</th><th>Detail 说明</th></tr></thead>
<tbody>
{% for one in report.notices %}
<tr><td>{{ one.waiver|line }}</td><td><code>{{ one.rule|line }}</code></td><td>{{ one.kind|line }}</td>
<td><bdi>{{ one.detail|line }}</bdi></td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
</section>
<section>
<h2>Summary <span lang="zh-Hans">概要</span></h2>
<dl class="facts">
{{ fact("Rules", "规则", report.rules|length) }}
{{ fact("Documents seen", "读取文档", seen) }}
{{ fact("Skipped", "未涉及", report.skipped) }}
{{ fact("Judgements", "判定次数", report.evaluations) }}
{{ fact("Passed", "符合", passed) }}
{% for kind, count in counts.items() %}
{{ fact((kind|words)[0]|capitalize, (kind|words)[1], count) }}
{% endfor %}
</dl>
{% if report.inputs %}
<table>
<caption>Inputs <span lang="zh-Hans">检查对象</span></caption>
<thead><tr><th>Input 输入</th><th>Seen 读取</th><th>Judged 判定</th></tr></thead>
<tbody>
{% for one in report.inputs %}
<tr><td><bdi>{{ one.name|line(300) }}</bdi></td><td>{{ one.seen }}</td><td>{{ one.judged }}</td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
</section>
{% endif %}
{% for section in sections %}
{% set metadata = section.catalogue.metadata %}
<section>
<h2>{{ both(metadata.title) }} <span class="quiet">{{ metadata.version|line }}</span></h2>
<dl class="facts">
{% for kind, count in section.automation.items() %}
{{ fact((kind|words)[0]|capitalize, (kind|words)[1], count) }}
{% endfor %}
{% for kind, count in section.verdicts.items() %}
{{ fact((kind|words)[0]|capitalize, (kind|words)[1], count) }}
{% endfor %}
</dl>
<table class="wide controls">
<thead><tr><th>Control 控制项</th><th>Asks for 要求</th><th>Checked 检查方式</th><th>Rules 规则</th>
<th>On the machines 运行检查</th><th>This run 本次</th></tr></thead>
<tbody>
{% for one in section.judged %}
{% set control = one.row.control %}
<tr><td>{{ control.id }}{% if control.clause %}<br><span class="quiet">{{ control.clause|line }}</span>{% endif %}</td>
<td>{{ each(control.title) }}<br><span class="quiet">{{ control.why|line }}</span></td>
<td>{{ tag(one.row.automation) }}</td>
<td>{% for rule in one.asked %}<code>{{ rule }}</code> {% endfor %}
{% for rule in one.idle %}<code class="quiet">{{ rule }}</code> {% endfor %}</td>
<td>{% for check in control.checks %}{{ check|check }}<br>{% endfor %}</td>
<td>{{ tag(one.verdict) }}<br><span class="quiet">{{ one.passed }} ✓{% if one.results %} ·
{{ one.results|length }} ✗{% endif %}</span></td></tr>
{% endfor %}
</tbody>
</table>
<p class="quiet">Rules in grey had nothing to judge in this run.
<span lang="zh-Hans">灰色规则本次没有可判定的对象。</span></p>
</section>
{% endfor %}
<p class="notice"><strong>{{ disclaimer.en }}</strong><br><span lang="zh-Hans">{{ disclaimer.zh }}</span></p>
"""

PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GovCloud compliance check 合规检查报告</title>
<style>
{_STYLE}</style>
</head>
<body>
{_BODY}</body>
</html>
"""
