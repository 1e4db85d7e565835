# The figure of experiments/sensitivity: table and figure are file names.
if (!exists("terminal")) terminal = "svg"
set terminal @terminal size 1000,760 font "Helvetica,13" background "white" noenhanced
set output figure
set datafile separator ","
set ytics out nomirror font ",12" textcolor rgb "#303030"
set xtics out nomirror font ",12" textcolor rgb "#303030"
set grid x lt 1 lc rgb "#e4e4e4"
set border 1 lc rgb "#808080"
rows = system("tail -n +2 ".table." | wc -l") + 0
set yrange [rows - 0.5 : -0.5]
set tmargin at screen 0.90
set bmargin at screen 0.07
set multiplot layout 1,3
set lmargin at screen 0.16
set rmargin at screen 0.42
set title "planner over the tuned threshold\n% of its live watch" font ",13"
set xrange [-1:*]
set xtics 2
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb "#808080" dt 2
plot table every ::1 using 9:0:10:11:ytic(1) with xerrorbars lc rgb "#0072b2" pt 7 ps 0.6 lw 1.5 notitle
set ytics format ""
set lmargin at screen 0.46
set rmargin at screen 0.70
set title "always: app usage\n% against the tuned threshold" font ",13"
set xrange [*:0]
set xtics 5
plot table every ::1 using 6:0 with points lc rgb "#d55e00" pt 5 ps 0.7 notitle
set lmargin at screen 0.74
set rmargin at screen 0.98
set title "never: app usage\n% against the tuned threshold" font ",13"
set xrange [*:*]
set xtics 1
plot table every ::1 using 4:0 with points lc rgb "#009e73" pt 9 ps 0.8 notitle
unset multiplot
