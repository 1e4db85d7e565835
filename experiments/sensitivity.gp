# The figure of experiments/sensitivity: table and figure are file names.
set terminal svg size 900,640 font "Helvetica,13" background "white"
set output figure
set datafile separator ","
set ytics out nomirror font ",12"
set xtics out nomirror
set grid x lt 1 lc rgb "#e0e0e0"
set border 3 lc rgb "#808080"
rows = system("tail -n +2 ".table." | wc -l") + 0
set yrange [rows - 0.5 : -0.5]
set multiplot layout 1,3
set lmargin 16
set title "planner over tuned threshold\n% of live watch" font ",13"
set xzeroaxis
plot table every ::1 using 9:0:($10):($11):ytic(1) with xerrorbars lc rgb "#0072b2" pt 7 ps 0.6 lw 1.5 notitle
set lmargin 4
set ytics format ""
set title "always: app usage\n% against tuned threshold" font ",13"
plot table every ::1 using 6:0 with points lc rgb "#d55e00" pt 5 ps 0.7 notitle
set title "never: app usage\n% against tuned threshold" font ",13"
set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb "#808080" dt 2
plot table every ::1 using 4:0 with points lc rgb "#009e73" pt 9 ps 0.8 notitle
unset multiplot
