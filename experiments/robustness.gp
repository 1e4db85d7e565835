# Share of the optimum against noise, scale and tail of rewards; a line per agent.  Called by experiments/robustness.
set terminal svg size 1000,380 font "sans,12" background "white"
set output figure
set datafile separator ","
agents = system("awk -F, 'NR > 1 {print $3}' ".table." | sort -u")
set multiplot layout 1,3 margins 0.08,0.83,0.16,0.95 spacing 0.045
set logscale x
set yrange [0.5:1.02]
set grid ytics lt 1 lc rgb "#d0d0d0"
set border 3
set tics nomirror
set format x "10^{%L}"
colour(i) = word("#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #000000 #999999 #7e57c2", i)
set key off
set ylabel "return / optimum" offset 1,0
titles = "noise scale tail"
do for [p = 1:3] {
  what = word(titles, p)
  set xlabel what eq "noise" ? "noise (σ / root mean square of R)" : what eq "scale" ? "scale of rewards" : "tail index (heavier to the left)"
  if (what eq "tail") { unset logscale x; set format x "%g"; set key at screen 0.995,0.92 right top samplen 1.5 spacing 1.15 }
  plot for [i = 1:words(agents)] sprintf("<awk -F, '$1 == \"%s\" && $3 == \"%s\"' %s", what, word(agents, i), table) using 2:4 with linespoints lw (word(agents, i) eq "sl_mgac" ? 3.5 : 1.8) pt 7 ps 0.5 lc rgb colour(i) title word(agents, i) noenhanced
  unset ylabel
  set format y ""
}
unset multiplot
