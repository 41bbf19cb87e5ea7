using System.Text;
using Terminal.Gui.Drawing;
using Terminal.Gui.Input;
using Terminal.Gui.ViewBase;
using Terminal.Gui.Views;

namespace Colo.Dashboard;

/// <summary>The one view: paints the screen's picture, cell by cell where it changed, and hands the keys on.</summary>
/// <param name="draw">Draws the picture.</param>
/// <param name="key">Takes a key.</param>
/// <param name="charset">What the terminal can show.</param>
/// <param name="palette">What tones look like.</param>
internal sealed class DashboardView(Action<Canvas> draw, Action<Key> key, Charset charset, Palette palette) : Runnable
{
    private Canvas? _shown;

    /// <summary>Paints every cell at the next drawing.</summary>
    internal void Repaint()
    {
        _shown = null;
        SetNeedsDraw();
    }

    // Nothing is wiped before it is painted: over a slow line only what changed is sent.
    /// <inheritdoc/>
    protected override bool OnClearingViewport() => true;

    /// <inheritdoc/>
    protected override bool OnDrawingContent(DrawContext? context)
    {
        var canvas = new Canvas(Viewport.Width, Viewport.Height, charset);
        draw(canvas);
        var before = _shown is { } shown && shown.Width == canvas.Width && shown.Height == canvas.Height ? shown : null;
        var run = new StringBuilder();
        for (var y = 0; y < canvas.Height; y++)
        {
            for (var x = 0; x < canvas.Width;)
            {
                if (before is not null && before[x, y] == canvas[x, y])
                {
                    x++;
                    continue;
                }

                var (start, tone) = (x, canvas[x, y].Tone);
                run.Clear();
                while (x < canvas.Width && canvas[x, y].Tone == tone && (before is null || before[x, y] != canvas[x, y]))
                    run.Append(canvas[x++, y].Character);
                SetAttribute(palette[tone]);
                AddStr(start, y, run.ToString());
            }
        }

        _shown = canvas;
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnKeyDown(Key pressed)
    {
        key(pressed);
        // Handled whatever it was: the library has keys of its own (Esc leaves) that would be the guest's.
        return true;
    }
}
